// SPDX-License-Identifier: MIT
#include "proxy/exchange.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "proxy/conditional.h"
#include "proxy/fill_desk.h"
#include "reports/access_log.h"

namespace larder::proxy {
namespace {

// An object that changes each time it is asked for is passed.
constexpr int kRestarts = 3;

// What is the matter with the store's copy, not with the origin.
bool is_of_the_store(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::corrupt:  // not what is published: nothing of it is Larder's to send
    case ErrorKind::not_found:
    case ErrorKind::storage_full:
    case ErrorKind::storage_broken:
    case ErrorKind::storage_damaged:
      return true;
    default:
      return false;
  }
}

bool is_microsoft_place(const FetchTarget& target) {
  return target.mau.has_value();
}

// What is refused before it could be read is answered like a GET.
const RequestHead& no_request() {
  static const RequestHead head = [] {
    RequestHead get;
    get.method = "GET";
    return get;
  }();
  return head;
}

std::vector<std::pair<std::string, std::string>> retry_later() {
  return {{"Retry-After", std::to_string(limits::kRetryAfter.count())}};
}

}  // namespace

Exchange::Exchange(Connection& connection, const RequestHead& head, std::string_view raw)
    : connection_(connection),
      loop_(connection.loop()),
      id_(FillDesk::new_reader()),
      head_(&head),
      raw_(raw),
      keep_(head.keep_alive) {}

Exchange::Exchange(Connection& connection, KnownHeadPtr known)
    : connection_(connection),
      loop_(connection.loop()),
      id_(FillDesk::new_reader()),
      known_(std::move(known)),
      head_(&known_->head),
      keep_(head_->keep_alive) {}

Exchange::Exchange(Connection& connection)
    : connection_(connection),
      loop_(connection.loop()),
      id_(FillDesk::new_reader()),
      head_(&no_request()),
      recorded_(true) {}

void Exchange::outlive_turn() {
  if (object_) use_ = cache::ExtentUse(loop_.site.store, object_->extent);
  in_first_turn_ = false;
  if (known_ || raw_.empty()) return;
  known_ = std::make_shared<KnownHead>(raw_, *head_);
  head_ = &known_->head;
}

Exchange::~Exchange() {
  if (mirror_) mirror_->unwatch(*this);
  if (expecting_) loop_.mirrors().forget(id_);
  const bool waits = warming_ || asked_catalogues_ || asked_manifests_ || asked_devices_ || unmaking_ || failing_;
  if (waits) loop_.forget(id_);
  if (passing_) drop_pass();
  write_record();
}

void Exchange::begin() {
  add(loop_.site.counters.requests);
  began_ = connection_.last_progress();  // the rest of the request has just come
  record_.time = loop_.site.clock.now();
  record_.client = connection_.client();
  record_.answered = reports::Answered::refused;
  record_.entrance = reports::Entrance::helper;
  if (reports::wants_requests(loop_.config().log)) note_words();
  classify_request();
}

void Exchange::note_words() {
  if (known_ && known_->words) {
    record_.words = known_->words;
    return;
  }
  const std::string_view agent = head_->find("User-Agent").substr(0, reports::kAgentBytes);
  const std::string_view referer = head_->find("Referer").substr(0, reports::kRefererBytes);
  record_.words = std::make_shared<const reports::RequestWords>(
      reports::RequestWords{std::string(head_->method), head_->minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1",
                            std::string(agent), std::string(referer)});
  if (known_) known_->words = record_.words;
}

void Exchange::refuse_and_close(int status, const std::string& reason) {
  add(loop_.site.counters.requests);
  began_ = loop_.site.clock.steady();
  keep_ = false;
  record_.answered = reports::Answered::refused;
  const auto fields = status == 503 ? retry_later() : std::vector<std::pair<std::string, std::string>>{};
  answer_text(status, reason + "\n", "text/plain; charset=utf-8", fields);
}

void Exchange::classify_request() {
  if (!admitted()) return;
  if (known_ && known_->asked) {
    begin_fetch(known_->asked);
    return;
  }
  if (came_back()) return;
  const ListenerKind kind = connection_.secure() ? ListenerKind::tls : ListenerKind::plain;
  if (AskedPtr recalled = loop_.recall(*head_, kind)) {
    remember(recalled);
    begin_fetch(std::move(recalled));
    return;
  }
  Classified what = classify(*head_, loop_.site.origins, kind);
  if (auto* target = std::get_if<FetchTarget>(&what)) {
    AskedPtr understood = loop_.understand(std::move(*target), head_, kind);
    remember(understood);
    begin_fetch(std::move(understood));
  } else if (const auto* asked = std::get_if<Helper>(&what)) {
    helper(*asked);
  } else if (const auto* refusal = std::get_if<Refusal>(&what)) {
    record_.entrance = refusal->entrance;
    record_.subject.edit().url = refusal->url;
    record_.token = refusal->token;
    record_.token_from = refusal->token_from;
    if (refusal->status == 400) keep_ = false;  // who cannot speak is not listened to further
    answer_text(refusal->status, refusal->reason + "\n", "text/plain; charset=utf-8", refusal->fields);
  } else {
    begin_tunnel(std::get<Connect>(what));
  }
}

// Where a file of the update cache is to be had is asked of the catalogues each time.
void Exchange::remember(const AskedPtr& asked) {
  if (known_ && !asked->target.mau) known_->asked = asked;
}

// False: refused, since this client, or all of them together, would take more than they may.
bool Exchange::admitted() {
  switch (connection_.admission()) {
    case Admission::welcome:
      if (loop_.site.counters.requests_running.value() < loop_.config().limits.requests) return true;
      add(loop_.site.counters.requests_over_limit);
      answer_text(503, "As many requests are under way as limits.requests allows.\n", "text/plain", retry_later());
      return false;
    case Admission::stranger:
      keep_ = false;
      if (tells_stranger()) return false;
      answer_text(403, "This address is in none of the networks that access.clients allows.\n", "text/plain");
      return false;
    case Admission::too_many_of_one:
      keep_ = false;
      answer_text(429, "This address has as many connections as limits.connections_per_client allows.\n", "text/plain",
                  retry_later());
      return false;
    case Admission::too_many:
      keep_ = false;
      answer_text(503, "As many clients are connected as limits.connections allows.\n", "text/plain", retry_later());
      return false;
  }
  return false;
}

// ---- what is asked for ----

void Exchange::begin_fetch(AskedPtr asked) {
  asked_ = std::move(asked);
  record_.entrance = target().entrance;
  agent_ = known_ ? known_->agent : nullptr;
  if (!agent_) {
    agent_ = loop_.agent(head_->find("User-Agent"));
    if (known_) known_->agent = agent_;
  }
  const bool reads = head_->method == "GET" || head_->method == "HEAD";
  if (!reads) {
    begin_method();
    return;
  }
  if (head_->method == "GET" && head_->has(FieldName::range)) ranges_ = parse_range(head_->joined("Range"));
  if (target().mau) {
    begin_update_cache();
  } else {
    look_up();
  }
}

// ---- where it comes from ----

Want Exchange::first_want() const {
  if (!ranges_ || ranges_->empty()) return {};
  const RangeSpec& spec = ranges_->front();
  if (!spec.first) return {0, 1};  // a suffix: the first chunk's head tells the size
  return {*spec.first, spec.last && *spec.last < kOpenEnd ? *spec.last + 1 : kOpenEnd};
}

bool Exchange::wanted_is_held(const cache::Object& object) {
  RangeSet set;
  if (ranges_) set = resolve(*ranges_, object.size_bytes);
  if (set.verdict == RangeVerdict::unsatisfiable) return true;
  if (set.ranges.empty()) set.ranges.push_back({0, object.size_bytes});
  const cache::ChunkMap held = loop_.reader().held(object.extent, object.size_bytes);
  return std::all_of(set.ranges.begin(), set.ranges.end(), [&](const ByteRange& range) {
    return cache::chunk_start(held.next_missing(cache::chunk_of(range.first))) >= range.end;
  });
}

void Exchange::joined(const std::shared_ptr<FillMirror>& mirror, Joining joining) {
  expecting_ = false;
  mirror_ = mirror;
  mirror_->watch(*this);
  if (!answered_) {
    record_.answered = joining == Joining::began    ? reports::Answered::miss
                       : joining == Joining::joined ? reports::Answered::joined
                                                    : reports::Answered::hit;
  }
  on_fill();
}

// Before the answer has begun: the exchange may turn elsewhere. Its share of the line stays on its account.
void Exchange::leave_fill() {
  if (mirror_) mirror_->unwatch(*this);
  mirror_ = nullptr;
  loop_.site.origin_thread.post([&site = loop_.site, id = id_] { site.fills.leave(id); });
}

void Exchange::on_fill() {
  if (done_ || connection_.closing() || confirming_ || failing_ || relay_) return;
  if (answered_) {
    if (!follow()) {
      cut("the origin has another version now");
    } else if (!blocked_ && !passing_) {
      pump();
    }
  } else {
    on_fill_before_answer();
  }
}

// An answer goes on with the bytes it has begun with, which may be in another extent by now. False: the fill is of
// others.
bool Exchange::follow() {
  const cache::ObjectPtr& theirs = mirror_->object();
  if (!object_ || !theirs || theirs->extent == object_->extent) return true;
  if (theirs->etag != object_->etag || theirs->size_bytes != object_->size_bytes) return false;
  object_ = theirs;
  use_ = cache::ExtentUse(loop_.site.store, object_->extent);
  return true;
}

void Exchange::on_fill_before_answer() {
  switch (mirror_->state()) {
    case FillState::asking:
      return;
    case FillState::relaying:
      begin_relay();
      return;
    case FillState::filling:
    case FillState::finished:
      object_ = mirror_->object();
      if (!selects(*object_)) {
        take_other_variant();
        return;
      }
      use_ = cache::ExtentUse(loop_.site.store, object_->extent);
      if (needs_confirmation()) {
        ask_for_confirmation();
        return;
      }
      if (mirror_->stale()) {
        record_.answered = reports::Answered::stale;
        answer_object("hit; detail=stale-because-the-origin-fails");
      } else if (record_.answered == reports::Answered::hit) {
        answer_object("hit");
      } else {
        answer_object(told_of_fill());
      }
      return;
    case FillState::answered: {
      const std::shared_ptr<const WholeAnswer> answer = mirror_->answer();
      if (answer->only_for && *answer->only_for != id_) {
        leave_fill();
        begin_pass();
      } else if (!candidates_.empty() && answer->status >= 400) {
        leave_fill();
        next_candidate();
      } else {
        relay(*answer);
      }
      return;
    }
    case FillState::pass:
      leave_fill();
      begin_pass();
      return;
    case FillState::changed:
      if (++restarts_ > kRestarts && is_microsoft_place(target())) {
        origin_failed(mirror_->error());
        return;
      }
      leave_fill();
      restarts_ > kRestarts ? begin_pass() : look_up();
      return;
    case FillState::failed:
      if (is_of_the_store(mirror_->error().kind) && !is_microsoft_place(target())) {
        leave_fill();
        begin_pass();
        return;
      }
      origin_failed(mirror_->error());
      return;
  }
}

}  // namespace larder::proxy
