// SPDX-License-Identifier: MIT
#include "proxy/origin_guard.h"

#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <utility>

#include "base/owned.h"
#include "config/special_address.h"

namespace larder::proxy {
namespace {

// The administrator wrote the address himself, or the one name that can mean no other (RFC 6761 6.3).
bool names_an_address(const OriginRule& rule) {
  return rule.name == "localhost" || config::Address::parse(rule.name).has_value();
}

bool lists(const std::vector<config::Network>& networks, const config::Address& address) {
  return std::any_of(networks.begin(), networks.end(), [&](const auto& network) { return network.contains(address); });
}

bool is_any(const config::Address& address) {
  return config::special_use(address) == "unspecified";
}

std::string leads_to(const Destination& destination) {
  return std::string(destination.host) + " leads to " +
         config::Endpoint{destination.address.text(), destination.port}.text();
}

}  // namespace

OriginGuard::OriginGuard(const config::ListenConfig& listen, IsOwnAddress is_own) : is_own_(std::move(is_own)) {
  for (const auto* endpoints : {&listen.http, &listen.tls, &listen.sni, &listen.admin}) {
    for (const config::Endpoint& endpoint : *endpoints) {
      if (const auto address = config::Address::parse(endpoint.host)) own_.push_back({*address, endpoint.port});
    }
  }
}

// To connect to "any" address is to connect to this machine.
bool OriginGuard::is_larder(const Destination& destination) const {
  return std::any_of(own_.begin(), own_.end(), [&](const Own& own) {
    if (own.port != destination.port) return false;
    if (own.address == destination.address) return true;
    return (is_any(own.address) || is_any(destination.address)) &&
           (is_any(destination.address) || is_own_(destination.address));
  });
}

Status OriginGuard::check(const OriginRule& rule, const Destination& destination) const {
  if (is_larder(destination)) {
    return fail(
        ErrorKind::refused,
        leads_to(destination) +
            ", which is Larder itself; where DNS points the names of origins at Larder, set origins.nameservers "
            "to a resolver that knows their true addresses");
  }
  if (rule.connect_to || names_an_address(rule) || lists(rule.networks, destination.address)) return ok();
  std::string use(config::special_use(destination.address));
  if (use.empty() && is_own_(destination.address)) use = "this machine's own";
  if (use.empty()) return ok();
  return fail(ErrorKind::refused,
              leads_to(destination) + ", which is no public address but " + use +
                  "; if that is meant, list its network in `networks` of the [[origins.host]] table "
                  "of this host, or give it connect_to");
}

bool OriginGuard::is_address_of_this_machine(const config::Address& address) {
  if (config::special_use(address) == "loopback" || is_any(address)) return true;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return false;
  const Owned<ifaddrs, freeifaddrs> owned(list);
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    const auto family = at->ifa_addr->sa_family;
    if ((family == AF_INET || family == AF_INET6) && config::Address::from(*at->ifa_addr) == address) return true;
  }
  return false;
}

}  // namespace larder::proxy
