// SPDX-License-Identifier: MIT
#include "proxy/own_host.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "proxy/origin_guard.h"

namespace larder::proxy {
namespace {

bool is_host_name_of_this_machine(std::string_view host) {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 && equals_ignoring_case(host, std::string_view(name.data()));
}

bool names(const std::vector<config::Endpoint>& endpoints, std::string_view host) {
  return std::any_of(endpoints.begin(), endpoints.end(),
                     [&](const config::Endpoint& endpoint) { return equals_ignoring_case(endpoint.host, host); });
}

}  // namespace

bool is_own_host(std::string_view host, const config::Config& config, const config::Endpoint& reached) {
  if (host == "localhost" || host == reached.host) return true;
  if (!config.listen.name.empty() && host == config.listen.name) return true;
  if (names(config.locator.servers, host) || names(config.locator.spares, host)) return true;
  if (const auto address = config::Address::parse(host)) return OriginGuard::is_address_of_this_machine(*address);
  return is_host_name_of_this_machine(host);
}

}  // namespace larder::proxy
