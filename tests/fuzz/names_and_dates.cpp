// SPDX-License-Identifier: MIT
// Any text as a date of HTTP, as a device token in a path, as the user name of a proxy, and as what a nameserver calls
// an address. A date that is read is written as one that reads the same; a token is of the letters a token has,
// whatever it was decoded from; a device's name is a host name that stays the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/clock.h"
#include "base/limits.h"
#include "cache/freshness.h"
#include "proxy/device_token.h"
#include "reports/client_names.h"

using namespace larder;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void try_date(std::string_view text) {
  const auto time = cache::parse_http_date(text);
  if (time) require(cache::parse_http_date(to_http_date(*time)) == time);
}

void try_token(std::string_view text) {
  const auto path = proxy::take_token(text);
  require(path.token.empty() || proxy::is_token(path.token));
  require(path.token.size() <= limits::kTokenBytes);
  if (!path.token.empty()) require(path.path == "/" || (path.path.starts_with('/') && text.ends_with(path.path)));
  if (path.token.empty() && !path.malformed) require(path.path == text);
}

void try_name(std::string_view text) {
  for (const char* client : {"10.1.2.3", "2001:db8::7"}) {
    const auto address = config::Address::parse(client).value();
    const std::string name = reports::device_name(text, address);
    require(name.size() <= reports::kDeviceNameBytes && reports::device_name(name, address) == name);
    require(name.empty() || (config::is_host_name(name) && !config::Address::parse(name)));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_date(text);
  try_token(text);
  try_name(text);
  proxy::RequestHead head;
  head.add({"Proxy-Authorization", text});
  const std::string user = proxy::proxy_user(head);
  require(user.empty() || proxy::is_token(user));
  return 0;
}
