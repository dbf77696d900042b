// SPDX-License-Identifier: MIT
// The head of an answer: which status, which ranges, which fields.
#include <sys/uio.h>
#include <xxhash.h>

#include <array>
#include <cstdio>

#include "proxy/conditional.h"
#include "proxy/exchange.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// Between the parts of a multipart answer; fixed for one object, so that equal requests get equal bytes.
std::string boundary_of(const cache::Object& object) {
  const XXH64_hash_t hash = XXH3_64bits_withSeed(object.etag.data(), object.etag.size(), object.size_bytes);
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "larder%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

std::string_view content_type_of(const cache::Object& object) {
  for (const auto& [name, value] : object.fields) {
    if (name.size() == 12 && (name == "Content-Type" || name == "content-type")) return value;
  }
  return {};
}

}  // namespace

// Both ways of HTTP to say what becomes of the connection: 1.0 keeps it only where that is said.
ClientAnswer::Connection Exchange::connection_field() const {
  if (!keep_) return ClientAnswer::Connection::close;
  return head_->minor_version == 0 ? ClientAnswer::Connection::keep_alive : ClientAnswer::Connection::unsaid;
}

std::string_view Exchange::why_forwarded() const {
  switch (forwarded_) {
    case Forwarded::miss:
      return "fwd=miss";
    case Forwarded::vary_miss:
      return "fwd=vary-miss";
    case Forwarded::stale:
      return "fwd=stale";
    case Forwarded::request:
      return "fwd=request";
    case Forwarded::partial:
      return "fwd=partial";
  }
  return {};
}

// Of an object that a fill has brought.
std::string Exchange::told_of_fill() const {
  std::string text(why_forwarded());
  if (record_.answered == reports::Answered::joined) return text + "; collapsed";
  if (const int status = mirror_->confirmed_by(); status != 0) return text + "; fwd-status=" + std::to_string(status);
  const bool asked_anew = forwarded_ == Forwarded::stale || forwarded_ == Forwarded::request;
  if (asked_anew) text += "; fwd-status=" + std::to_string(object_->status);
  return text + "; stored";
}

void Exchange::answer_object(std::string_view cache_status) {
  // What the first asker is told besides is for nobody else.
  if (!known_ || record_.answered == reports::Answered::miss) {
    begin_planned(plan_answer(), cache_status);
    return;
  }
  PlannedAnswer& planned = known_->answer;
  if (!planned.is_for(object_, connection_field())) planned = plan_answer();
  begin_planned(planned, cache_status);
}

PlannedAnswer Exchange::plan_answer() {
  const cache::Object& object = *object_;
  CurrentValidators current;
  current.etag = object.etag;
  current.other_etags = object.other_etags;
  current.last_modified = object.origin.last_modified;
  current.received = object.freshness.response_time;
  if (const auto* date = cache::find_field(object.fields, "Date")) current.date = *date;

  ClientAnswer head;
  head.etag = object.etag;
  head.last_modified = object.origin.last_modified;
  head.fields = &object.fields;
  head.accept_ranges = object.status == 200;
  if (record_.answered == reports::Answered::miss) head.extra = &object.unstored_fields;
  const bool has_own_digest = cache::find_field(object.fields, "Repr-Digest") != nullptr;
  head.digest = object.digest && !has_own_digest ? &*object.digest : nullptr;
  head.connection = connection_field();

  // Conditions and ranges are for what would otherwise be sent whole (RFC 9110 13.2.1, 14.2).
  const Condition condition = object.status / 100 == 2 ? evaluate_conditions(*head_, current) : Condition::proceed;
  if (object.status != 200) ranges_.reset();
  head.status = object.status;
  RangeSet set;
  const bool range_holds = !head_->has(FieldName::if_range) || if_range_holds(head_->find("If-Range"), current);
  if (ranges_ && range_holds) set = resolve(*ranges_, object.size_bytes);
  if (condition == Condition::not_modified) {
    head.status = 304;
    set = {};
  } else if (condition == Condition::precondition_failed) {
    head.status = 412;
    head.content_length = 0;
    set = {};
  } else if (set.verdict == RangeVerdict::unsatisfiable) {
    head.status = 416;
    head.content_length = 0;
  } else if (set.verdict == RangeVerdict::partial) {
    head.status = 206;
  }
  head.other_content = head.status != object.status;
  const bool has_body = (head.status == object.status && head.status != 204) || head.status == 206;
  std::string range_text;
  std::string type_text;
  if (head.status == 416) {
    range_text = content_range_unsatisfied(object.size_bytes);
  } else if (set.ranges.size() == 1) {
    range_text = content_range(set.ranges.front(), object.size_bytes);
    head.content_length = set.ranges.front().size();
  } else if (set.ranges.size() > 1) {
    const std::string boundary = boundary_of(object);
    type_text = multipart_content_type(boundary);
    head.content_type = type_text;
    head.content_length = multipart_length(boundary, content_type_of(object), set.ranges, object.size_bytes);
  } else if (has_body) {
    head.content_length = object.size_bytes;
  }
  head.content_range = range_text;

  PlannedAnswer planned;
  planned.object = object_;
  planned.connection = head.connection;
  planned.status = head.status;
  planned.set = std::move(set);
  planned.sends_body = has_body && head_->method != "HEAD";
  planned.says_date = says(head, "Date");
  planned.says_via = says(head, "Via");
  planned.earlier_caches = earlier_caches(object.fields);
  write_rest_of_head(head, planned.rest);
  return planned;
}

void Exchange::begin_planned(const PlannedAnswer& planned, std::string_view cache_status) {
  const cache::Object& object = *object_;
  const WallTime now = in_first_turn_ ? record_.time : loop_.site.clock.now();
  AnswerOpening opening;
  opening.status = planned.status;
  opening.says_date = planned.says_date;
  opening.says_via = planned.says_via;
  // Age says that an answer was not made for this request; one that was has none but what the origin says.
  const bool made_for_it = record_.answered == reports::Answered::miss;
  if (!made_for_it || object.freshness.initial_age.count() > 0) opening.age = cache::current_age(object.freshness, now);
  opening.cache_status = cache_status;
  opening.earlier_caches = planned.earlier_caches;
  std::string text = loop_.spare_text();
  write_opening(opening, loop_.http_date.at(now), text);
  text += planned.rest;

  if (object.status == 200) record_.object_bytes = object.size_bytes;
  record_.status = planned.status;
  const RangeSet& set = planned.set;
  if (mirror_ && mirror_->state() == FillState::filling) {
    // Now that the size is known, so is what is wanted; nothing, when the head is all.
    Want want{0, 0};
    if (planned.sends_body) want = set.ranges.empty() ? Want{} : Want{set.ranges.front().first, set.ranges.front().end};
    loop_.site.origin_thread.post([&site = loop_.site, id = id_, want] { site.fills.want(id, want); });
  }
  begin_sending(std::move(text));
  if (planned.sends_body) add_object_pieces(set);
  pump();
}

void Exchange::add_object_pieces(const RangeSet& set) {
  const std::uint64_t size = object_->size_bytes;
  if (set.ranges.size() <= 1) {
    pieces_.back().range = set.ranges.empty() ? ByteRange{0, size} : set.ranges.front();
    record_.bytes_asked = pieces_.back().range.size();
    return;
  }
  const std::string boundary = boundary_of(*object_);
  for (const ByteRange& range : set.ranges) {
    pieces_.push_back({multipart_part_head(boundary, content_type_of(*object_), range, size), range});
    record_.bytes_asked += range.size();
  }
  pieces_.push_back({multipart_end(boundary), {}});
}

void Exchange::answer_text(int status, std::string_view text, std::string_view type,
                           const std::vector<std::pair<std::string, std::string>>& extra) {
  ClientAnswer head;
  head.status = status;
  head.content_type = type;
  head.content_length = text.size();
  head.extra = &extra;
  head.connection = connection_field();
  record_.status = status;
  if (record_.answered == reports::Answered::refused && status < 400) record_.answered = reports::Answered::hit;
  std::string all;
  write_response_head(head, loop_.http_date.at(loop_.site.clock.now()), all);
  if (head_->method != "HEAD") {
    all += text;
    record_.bytes_asked = record_.bytes_sent = text.size();
  }
  begin_sending(std::move(all));
  pump();
}

// AutoUpdate takes an error for a listed package as the end of the update, and asks nobody else. It follows redirects:
// Microsoft's retired hosts have long answered with 307.
void Exchange::send_to_vendor() {
  const updates::Url& url = listed_at_ ? *listed_at_ : target().url.origin;
  answer_text(307, "Larder cannot have this file just now; the vendor's own server may.\n", "text/plain; charset=utf-8",
              {{"Location", url.text()}, {"Cache-Control", "no-store"}});
}

// At once, while the answer is still awaited. Not 100: Larder itself says that when it wants a body. HTTP/1.0 knows no
// interim answers.
void Exchange::send_interim(int status, const cache::Fields& fields) {
  if (answered_ || done_ || connection_.closing() || status == 100 || head_->minor_version == 0) return;
  ClientAnswer interim;
  interim.status = status;
  interim.fields = &fields;
  std::string text;
  write_response_head(interim, loop_.http_date.at(loop_.site.clock.now()), text);
  std::size_t sent = 0;
  if (interim_unsent_.empty()) {
    iovec part{text.data(), text.size()};
    connection_.send(&part, 1, false, sent);
  }
  interim_unsent_.append(text, sent);
}

// Before what may be there of the body already.
void Exchange::begin_sending(std::string head) {
  answered_ = true;
  if (!interim_unsent_.empty()) {
    spoken_ = true;
    head.insert(0, std::exchange(interim_unsent_, {}));
  }
  pieces_.insert(pieces_.begin(), {std::move(head), {}});
}

}  // namespace larder::proxy
