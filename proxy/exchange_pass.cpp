// SPDX-License-Identifier: MIT
// A request passed through: what cannot be cached, what is not GET, and the rest of an answer the store cannot take.
#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"
#include "proxy/exchange.h"
#include "proxy/fill_desk.h"
#include "proxy/range.h"
#include "proxy/via.h"

namespace larder::proxy {
namespace {

// Fields that belong to one connection (RFC 9110 7.6.1), or that are said anew.
constexpr std::array<std::string_view, 15> kNotForwarded{"Connection",
                                                         "Keep-Alive",
                                                         "Proxy-Connection",
                                                         "Proxy-Authorization",
                                                         "Proxy-Authenticate",
                                                         "TE",
                                                         "Trailer",
                                                         "Upgrade",
                                                         "Expect",
                                                         "Host",
                                                         "Content-Length",
                                                         "Transfer-Encoding",
                                                         "Via",
                                                         "Max-Forwards",
                                                         "HTTP2-Settings"};

// Whether a 206 is of what the client asked for, or of less (RFC 9110 15.3.7). Of several ranges any may come; who asks
// for one need not know how to read several parts (15.3.7.2).
bool is_part_of(const RequestHead& asked, const OriginAnswer& answer) {
  if (!asked.has(FieldName::range)) return false;
  const auto specs = parse_range(asked.joined("Range"));
  const auto& part = answer.content_range;
  if (!specs || specs->size() != 1) return true;
  if (!part || !part->satisfied) return false;
  const auto& [first, last] = specs->front();
  if (!first) return !part->size_bytes || part->first + last.value_or(0) >= *part->size_bytes;
  return part->first >= *first && (!last || part->end - 1 <= *last);
}

// What an origin answers a question with that the client has not put.
const char* unasked(const RequestHead& asked, const OriginAnswer& answer) {
  if (answer.status == 206 && !is_part_of(asked, answer)) return "with a part that was not asked for";
  const bool conditional = asked.has(FieldName::if_none_match) || asked.has(FieldName::if_modified_since);
  return answer.status == 304 && !conditional ? "304 to a request without conditions" : nullptr;
}

// RFC 9112 3.2.4: to a proxy, "*" of an origin is said as its URL without a path.
bool asks_whole_server(const RequestHead& head) {
  const auto mark = head.target.find("://");
  return head.method == "OPTIONS" && mark != std::string_view::npos &&
         head.target.find_first_of("/?", mark + 3) == std::string_view::npos;
}

// The target, and what Location and Content-Location name of the same origin.
std::vector<std::string> changed_urls(const Asked& asked, const OriginAnswer& answer) {
  const updates::CanonicalUrl& target = asked.target.url;
  std::vector<std::string> urls{target.key};
  for (const auto* name : {"Location", "Content-Location"}) {
    const auto* reference = cache::find_field(answer.received, name);
    if (reference == nullptr) continue;
    const auto url = updates::Url::parse(resolve_reference(target.origin.text(), *reference));
    const updates::Url& origin = target.origin;
    if (url && url->scheme == origin.scheme && url->host == origin.host && url->port == origin.port) {
      urls.push_back((asked.standard ? updates::as_written(*url) : updates::canonical(*url)).key);
    }
  }
  return urls;
}

bool has_no_body(int status) {
  return status == 204 || status == 304;
}

}  // namespace

std::vector<std::string> Exchange::fields_to_forward() const {
  std::vector<std::string> fields;
  bool has_type = false;
  for (const auto& [name, value] : head_->fields) {
    const bool ours = std::any_of(kNotForwarded.begin(), kNotForwarded.end(),
                                  [name = name](std::string_view skip) { return equals_ignoring_case(skip, name); });
    if (ours || head_->nominates(name)) continue;
    if (equals_ignoring_case(name, "Content-Type")) has_type = true;
    // libcurl sends a field without a value only when it is written so.
    fields.push_back(value.empty() ? std::string(name) + ";" : std::string(name) + ": " + std::string(value));
  }
  const std::string via = head_->joined("Via");
  fields.push_back("Via: " + via + (via.empty() ? "" : ", ") + via_entry(head_->minor_version == 0 ? "1.0" : "1.1"));
  if (const auto left = forwards_left()) fields.push_back("Max-Forwards: " + std::to_string(*left - 1));
  fields.emplace_back("Expect:");
  if (!has_type) fields.emplace_back("Content-Type:");
  return fields;
}

void Exchange::begin_pass() {
  record_.answered = reports::Answered::pass;
  begin_pass_at(target().url.origin, fields_to_forward(), std::string(head_->method));
}

void Exchange::begin_pass_at(const updates::Url& url, std::vector<std::string> fields, std::string method) {
  passing_ = true;
  pass_ended_ = false;
  loop_.pass_inbox.expect(id_, *this);
  TransferSpec spec;
  spec.method = std::move(method);
  spec.redirects = asked_->standard ? Redirects::relay : Redirects::follow;
  spec.url = url;
  if (continuing_) spec.asking = Asking::resumed;
  spec.fields = std::move(fields);
  spec.body = std::move(body_);
  if (asks_whole_server(*head_)) spec.target = "*";
  loop_.site.origin_thread.post([&loop = loop_, id = id_, spec = std::move(spec)] {
    loop.site.passes.start(id, loop.thread, loop.pass_inbox, spec);
  });
}

// The store cannot take the rest of an answer that has begun: the client gets it straight from the origin, if that
// still has the same version.
Exchange::Step Exchange::continue_by_pass(Piece& piece) {
  const bool nameable = object_->origin.strong() || !object_->origin.last_modified.empty();
  if (passing_ || !nameable) return broken(mirror_->error().message);
  after_pass_.assign(std::make_move_iterator(pieces_.begin() + static_cast<std::ptrdiff_t>(piece_) + 1),
                     std::make_move_iterator(pieces_.end()));
  pieces_.resize(piece_ + 1);
  continuing_ = piece.range;
  std::vector<std::string> fields{"Accept-Encoding: identity", "Via: " + via_entry("1.1")};
  if (asked_->standard) fields = standard_ask()->fields;
  fields.push_back("Range: bytes=" + std::to_string(piece.range.first) + "-" + std::to_string(piece.range.end - 1));
  fields.push_back("If-Range: " + (object_->origin.strong() ? object_->origin.etag : object_->origin.last_modified));
  begin_pass_at(target().url.origin, std::move(fields), "GET");
  std::string unsent = std::move(piece.text);
  piece = {std::move(unsent), {}};
  return Step::waiting;
}

void Exchange::on_pass_head(const OriginAnswer& answer) {
  if (done_ || connection_.closing()) return;
  if (continuing_) {
    const auto& range = answer.content_range;
    const bool same = answer.status == 206 && range && range->satisfied && range->first == continuing_->first &&
                      range->end == continuing_->end && range->size_bytes == object_->size_bytes;
    if (!same) cut("the store cannot take it, and the origin has another version now");
    return;
  }
  if (relay_) {
    pass_chunked_ = has_body(answer) && head_->minor_version == 1;
    answer_pass(relayed_head(answer));
    return;
  }
  if (takes_confirmation(answer)) return;
  if (const char* const what = unasked(*head_, answer)) {
    drop_pass();
    origin_failed(fail(ErrorKind::origin_failed, target().url.origin.host + " answers " + what));
    return;
  }
  // Before any of the body comes, which may be while the head waits.
  pass_chunked_ = has_body(answer) && !answer.content_length && head_->minor_version == 1;
  note_pass(answer);
}

// What a pass tells about what is stored.
void Exchange::note_pass(const OriginAnswer& answer) {
  const bool unsafe =
      head_->method != "GET" && head_->method != "HEAD" && head_->method != "OPTIONS" && head_->method != "TRACE";
  if (unsafe && answer.status < 400) {
    // A success makes what is stored out of date (RFC 9111 4.4).
    answer_pass_after(answer, [&site = loop_.site, urls = changed_urls(*asked_, answer)](
                                  const std::function<void()>& done) { site.fills.invalidate(urls, done); });
  } else if (head_->method == "HEAD" && object_ && asked_->standard && !head_->has(FieldName::authorization)) {
    answer_pass_after(answer, [&site = loop_.site, key = key_, answer](const std::function<void()>& done) {
      site.fills.head_answered(key, answer, done);
    });
  } else {
    if (head_->method == "GET" && asked_->standard && answer.status != 206 && answer.content_length &&
        !directives().no_store &&
        cache::freshness_of(answer.received, answer.status, asked_->name, head_->has(FieldName::authorization),
                            record_.time, record_.time)) {
      loop_.site.origin_thread.post([&site = loop_.site, url = target().url.key] { site.fills.may_be_kept(url); });
    }
    answer_pass(answer);
  }
}

// The client learns of the answer after the change, so that its next request sees it.
void Exchange::answer_pass_after(const OriginAnswer& answer, const std::function<void(std::function<void()>)>& change) {
  unmaking_ = true;
  loop_.expect(id_, [this, answer] {
    unmaking_ = false;
    answer_pass(answer);
  });
  loop_.site.origin_thread.post(
      [&loop = loop_, id = id_, change] { change([&loop, id] { loop.thread.post([&loop, id] { loop.wake(id); }); }); });
}

bool Exchange::has_body(const OriginAnswer& answer) const {
  return head_->method != "HEAD" && !has_no_body(answer.status);
}

std::string Exchange::told_of_pass() const {
  if (head_->method != "GET" && head_->method != "HEAD") return "fwd=method";
  if (head_->method == "HEAD") return std::string(why_forwarded());
  if (!relay_) return "fwd=bypass";
  return std::string(why_forwarded()) + (record_.answered == reports::Answered::joined ? "; collapsed" : "");
}

void Exchange::answer_pass(const OriginAnswer& answer) {
  if (has_body(answer) && !answer.content_length && !pass_chunked_)
    keep_ = false;  // the end of the connection ends the body
  ClientAnswer head;
  head.status = answer.status == 400 && target().mau ? 404 : answer.status;
  head.etag = answer.validators.etag;
  head.last_modified = answer.validators.last_modified;
  head.fields = &answer.kept;
  head.content_length = has_no_body(answer.status) ? std::nullopt : answer.content_length;
  head.chunked = pass_chunked_;
  const std::string told = told_of_pass();
  head.cache_status = told;
  head.connection = connection_field();
  std::vector<std::pair<std::string, std::string>> extra;
  for (const auto& [name, value] : answer.received) {
    const bool of_part = answer.status == 206 || answer.status == 416;
    const bool said_here = (of_part && equals_ignoring_case(name, "Content-Range")) ||
                           (answer.status == 206 && equals_ignoring_case(name, "Content-Digest")) ||
                           equals_ignoring_case(name, "Accept-Ranges") || equals_ignoring_case(name, "Age");
    if (said_here) extra.emplace_back(name, value);
  }
  extra.insert(extra.end(), answer.personal.begin(), answer.personal.end());
  extra.insert(extra.end(), answer.withheld.begin(), answer.withheld.end());
  head.extra = &extra;
  record_.status = head.status;
  record_.bytes_asked = answer.content_length.value_or(0);
  if (answer.status == 200) record_.object_bytes = record_.bytes_asked;
  std::string text;
  write_response_head(head, loop_.http_date.at(loop_.site.clock.now()), text);
  begin_sending(std::move(text));
  pump();
}

void Exchange::on_pass_body(std::string bytes) {
  if (done_ || connection_.closing()) return;
  const std::size_t size = bytes.size();
  if (!relay_) record_.bytes_from_origin += size;  // a fill charges it to one of its readers
  record_.bytes_sent += size;
  pass_untaken_ += size;
  if (continuing_) {
    if (continuing_->size() < size) {
      cut("the origin sends more than it said");
      return;
    }
    record_.sent_ranges.emplace_back(continuing_->first, continuing_->first + size);
    continuing_->first += size;
  }
  if (pass_chunked_) {
    std::array<char, 32> length{};
    std::snprintf(length.data(), length.size(), "%zx\r\n", size);
    bytes = length.data() + bytes + "\r\n";
  }
  pieces_.push_back({std::move(bytes), {}});
  if (!blocked_) pump();
}

// It failed while its head still waited: what has come of its body must not follow the answer that is given instead.
void Exchange::take_back_pass() {
  if (std::exchange(unmaking_, false)) loop_.forget(id_);
  pieces_.clear();
  pass_chunked_ = false;
  pass_untaken_ = 0;
  record_.bytes_sent = 0;
}

// Nothing more of it is wanted.
void Exchange::drop_pass() {
  passing_ = false;
  loop_.pass_inbox.forget(id_);
  if (pass_ended_) return;
  if (relay_) {
    loop_.site.origin_thread.post([relay = relay_, id = id_] { relay->remove(id); });
  } else {
    loop_.site.origin_thread.post([&site = loop_.site, id = id_] { site.passes.cancel(id); });
  }
}

// What the client has been given makes room for more from the origin.
void Exchange::tell_taken() {
  if (pieces_left() || pass_untaken_ == 0) return;
  const std::size_t bytes = std::exchange(pass_untaken_, 0);
  if (relay_) {
    loop_.site.origin_thread.post([relay = relay_, id = id_, bytes] { relay->taken(id, bytes); });
  } else {
    loop_.site.origin_thread.post([&site = loop_.site, id = id_, bytes] { site.passes.taken(id, bytes); });
  }
}

void Exchange::on_pass_end(const Status& status) {
  if (done_ || connection_.closing()) return;
  if (confirming_) {
    confirmation_ended(status);
    return;
  }
  pass_ended_ = true;
  if (!status) {
    if (!answered_ && relay_) {  // it came too late for it
      drop_pass();
      relay_ = nullptr;
      leave_fill();
      begin_pass();
    } else if (!answered_) {
      take_back_pass();
      origin_failed(status.error());
    } else {
      cut(status.error().message);
    }
    return;
  }
  if (continuing_ && continuing_->size() > 0) {
    cut("the origin sent less than it said");
    return;
  }
  if (!after_pass_.empty()) {  // the next of several ranges: it may be held
    passing_ = pass_ended_ = false;
    continuing_.reset();
    pass_untaken_ = 0;
    loop_.pass_inbox.forget(id_);
    for (Piece& piece : std::exchange(after_pass_, {})) pieces_.push_back(std::move(piece));
  }
  if (relay_) relay_came_whole();
  if (pass_chunked_) pieces_.push_back({"0\r\n\r\n", {}});
  if (!blocked_) pump();
}

}  // namespace larder::proxy
