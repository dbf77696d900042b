// SPDX-License-Identifier: MIT
// Any lines as an origin's head: it is refused or cleaned, and the arithmetic of freshness holds for what it says.
#include "cache/freshness.h"

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/text.h"
#include "proxy/response_head.h"

using namespace larder;
using State = proxy::OriginHead::State;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_freshness(const proxy::OriginAnswer& answer) {
  const WallTime now{std::chrono::seconds(1786979045)};
  for (const auto name : {cache::NameClass::immutable, cache::NameClass::mutable_name, cache::NameClass::ordinary}) {
    const auto fresh = cache::freshness_of(answer.received, answer.status, name, false, now, now);
    if (!fresh) continue;
    require(name == cache::NameClass::ordinary || answer.status == 200 || answer.status == 206);
    require(fresh->lifetime.count() >= 0 && fresh->initial_age.count() >= 0);
    require(cache::current_age(*fresh, now) >= std::chrono::seconds(0));
    require(cache::is_fresh(*fresh, name, now) == (fresh->lifetime > fresh->initial_age) ||
            name != cache::NameClass::ordinary);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  proxy::OriginHead head;
  auto state = head.add_line("HTTP/1.1 200 OK");
  for (const auto line : split(text, '\n')) {
    if (state != State::incomplete) break;
    state = head.add_line(line);
  }
  if (state == State::incomplete) state = head.add_line("");
  if (state != State::complete) return 0;
  const auto& answer = head.answer();
  for (const auto& [name, value] : answer.kept) {
    require(!equals_ignoring_case(name, "Set-Cookie") && !equals_ignoring_case(name, "Connection"));
    require(value.find_first_of("\r\n") == std::string::npos);
  }
  check_freshness(answer);
  std::string out;
  proxy::ClientAnswer client;
  client.fields = &answer.kept;
  client.etag = answer.validators.etag;
  proxy::write_response_head(client, "", out);
  require(out.find("\r\n\r\n") == out.size() - 4);
  return 0;
}
