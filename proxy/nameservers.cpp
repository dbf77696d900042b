// SPDX-License-Identifier: MIT
#include "proxy/nameservers.h"

#include <netinet/in.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <cstring>

namespace larder::proxy {
namespace {

// A nameserver is given so long for an answer, and asked so often; the next is asked in between.
constexpr const char* kAnswerSeconds = "2";
constexpr const char* kAttempts = "3";
constexpr const char* kSystem = "/etc/resolv.conf";

void log_dns(int is_warning, const char* message) {
  spdlog::log(is_warning != 0 ? spdlog::level::info : spdlog::level::debug, "nameservers: {}", message);
}

config::Address v4(const std::byte* bytes) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  std::memcpy(&in.sin_addr, bytes, sizeof in.sin_addr);
  return config::Address::from(reinterpret_cast<const sockaddr&>(in));
}

config::Address v6(const std::byte* bytes) {
  config::Address address;
  std::memcpy(address.bytes.data(), bytes, address.bytes.size());
  return address;
}

}  // namespace

DnsBase dns_base(event_base* base, const std::vector<config::Endpoint>& nameservers, std::string_view key) {
  DnsBase dns(evdns_base_new(base, 0));
  if (!dns) std::abort();  // out of memory before anything has begun
  // Of the process: not while another thread logs.
  [[maybe_unused]] static const bool kLogged = (evdns_set_log_fn(log_dns), true);
  if (nameservers.empty()) {
    evdns_base_resolv_conf_parse(dns.get(), DNS_OPTION_NAMESERVERS | DNS_OPTION_NAMESERVERS_NO_DEFAULT, kSystem);
    if (evdns_base_count_nameservers(dns.get()) == 0)
      spdlog::error("{} names no nameserver that can be used; name one in {}", kSystem, key);
  }
  evdns_base_set_option(dns.get(), "timeout:", kAnswerSeconds);
  evdns_base_set_option(dns.get(), "attempts:", kAttempts);
  evdns_base_set_option(dns.get(), "randomize-case:", "1");
  for (const config::Endpoint& server : nameservers) {
    if (evdns_base_nameserver_ip_add(dns.get(), server.text().c_str()) != 0)
      spdlog::error("the nameserver {} cannot be used; correct {}", server.text(), key);
  }
  return dns;
}

std::vector<config::Address> addresses_in(char type, int count, const void* addresses) {
  const bool is_v4 = type == DNS_IPv4_A;
  std::vector<config::Address> found;
  if (!is_v4 && type != DNS_IPv6_AAAA) return found;
  const auto* bytes = static_cast<const std::byte*>(addresses);
  for (int i = 0; i < count; ++i, bytes += is_v4 ? sizeof(in_addr) : sizeof(in6_addr)) {
    found.push_back(is_v4 ? v4(bytes) : v6(bytes));
  }
  return found;
}

}  // namespace larder::proxy
