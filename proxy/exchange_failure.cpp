// SPDX-License-Identifier: MIT
// What a client is told when there is no object for it: that the origin fails, and for how long it is left alone; or
// what the origin says instead.
#include <algorithm>

#include "base/text.h"
#include "proxy/exchange.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// A remembered answer's Retry-After (seconds, not a date) tells what is left of it.
cache::Fields aged(cache::Fields fields, std::chrono::seconds age) {
  for (auto& [name, value] : fields) {
    if (!equals_ignoring_case(name, "Retry-After")) continue;
    if (const auto said = parse_decimal(value)) {
      const auto gone = static_cast<std::uint64_t>(std::max<std::int64_t>(age.count(), 0));
      value = std::to_string(*said > gone ? *said - gone : 1);
    }
  }
  return fields;
}

}  // namespace

void Exchange::origin_failed(const Error& error) {
  if (!candidates_.empty()) {
    leave_fill();
    next_candidate();
    return;
  }
  record_.answered = reports::Answered::failed;
  if (target().entrance == reports::Entrance::update_cache) {
    send_to_vendor();
    return;
  }
  ask_when_to_retry(error);
}

// `origin` knows for how long the host is left alone yet.
void Exchange::ask_when_to_retry(const Error& error) {
  failing_ = true;
  const auto rest = std::make_shared<std::chrono::seconds>(0);
  loop_.expect(id_, [this, error, rest] { answer_failure(error, *rest); });
  const updates::Url& url = target().url.origin;
  loop_.site.origin_thread.post([&loop = loop_, id = id_, rest, host = config::Endpoint{url.host, url.port}.text()] {
    *rest = loop.site.fills.client.health().rest_left(host);
    loop.thread.post([&loop, id] { loop.wake(id); });
  });
}

// A broken origin, one that is left alone, one that does not answer.
void Exchange::answer_failure(const Error& error, std::chrono::seconds rest) {
  failing_ = false;
  const int status = error.kind == ErrorKind::timed_out ? 504 : error.kind == ErrorKind::busy ? 503 : 502;
  if (status == 503) rest = std::max(rest, std::chrono::seconds(1));  // it has just been over
  std::vector<std::pair<std::string, std::string>> fields;
  if (rest.count() > 0) fields.emplace_back("Retry-After", std::to_string(rest.count()));
  answer_text(status, error.message + "\n", "text/plain; charset=utf-8", fields);
}

void Exchange::relay(const WholeAnswer& answer) {
  const bool later = answer.status >= 500 || answer.status == 429;
  if (target().entrance == reports::Entrance::update_cache && (later || (listed_at_ && answer.status >= 400))) {
    record_.answered = reports::Answered::failed;
    send_to_vendor();
    return;
  }
  // Microsoft's CDN says 400 for what it does not have.
  const int status = answer.status == 400 && target().mau ? 404 : answer.status;
  ClientAnswer head;
  head.status = status;
  head.etag = answer.validators.etag;
  head.last_modified = answer.validators.last_modified;
  head.fields = &answer.fields;
  if (status != 204) head.content_length = answer.body.size();
  const std::string forwarded = std::string(why_forwarded()) + "; fwd-status=" + std::to_string(answer.status);
  head.cache_status = answer.remembered_at ? "hit; detail=negative" : std::string_view(forwarded);
  cache::Fields remembered;
  if (answer.remembered_at) {
    head.age = std::chrono::floor<std::chrono::seconds>(loop_.site.clock.now() - *answer.remembered_at);
    remembered = aged(answer.fields, *head.age);
    head.fields = &remembered;
  }
  head.connection = connection_field();
  std::string text;
  write_response_head(head, loop_.http_date.at(loop_.site.clock.now()), text);
  record_.status = status;
  record_.bytes_asked = record_.bytes_sent = answer.body.size();
  text += answer.body;
  begin_sending(std::move(text));
  pump();
}

}  // namespace larder::proxy
