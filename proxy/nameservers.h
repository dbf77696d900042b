// SPDX-License-Identifier: MIT
// evdns, libevent's client of nameservers: over UDP, one socket for each, with random ids and letter case.
#pragma once

#include <event2/dns.h>

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/owned.h"
#include "config/network.h"

namespace larder::proxy {

// Without the callbacks of what is still being asked: who asked goes before it.
inline void free_dns_base(evdns_base* base) {
  evdns_base_free(base, 0);
}
using DnsBase = Owned<evdns_base, free_dns_base>;

// Asks these; none: the system's, as /etc/resolv.conf has them now. `key`: of the configuration, for the log, which
// says whom it cannot use. Before the base's thread runs, or on it.
DnsBase dns_base(event_base* base, const std::vector<config::Endpoint>& nameservers, std::string_view key);

// The addresses that an answer has given; none when it is of another type.
std::vector<config::Address> addresses_in(char type, int count, const void* addresses);

}  // namespace larder::proxy
