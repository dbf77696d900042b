// SPDX-License-Identifier: MIT
// What DHCP servers write of their leases: which hardware has which address, and what it calls itself. Three kinds of
// file are told apart by their contents:
//   dnsmasq   a line a lease: end (seconds since 1970, 0 never), hardware address (for IPv6 an association's number),
//             address, name or "*", client id or DUID (dnsmasq(8), --dhcp-leasefile)
//   Kea       CSV with a header, memfile for IPv4 and IPv6: address, hwaddr, duid, expire, hostname, state (0 in use)
//   ISC dhcpd lease ADDRESS { ends ...; binding state ...; hardware ethernet ...; client-hostname "..."; }
//             (dhcpd.leases(5))
// Of several entries for one address the last counts. Entries without a hardware address are left out; an IPv6 DUID
// that is made of one (RFC 8415, 11.2 and 11.4) gives it.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "config/network.h"
#include "reports/neighbours.h"

namespace larder::reports {

inline constexpr std::size_t kMostLeases = 200'000;

struct DhcpLease {
  config::Address address;
  Mac mac{};
  std::string name;  // as the device or the server has it, "" none; not cleaned
  bool operator==(const DhcpLease&) const = default;
};

// The leases that are good at this time, in the order of their addresses. Whatever cannot be read is left out.
std::vector<DhcpLease> read_dhcp_leases(std::string_view text, WallTime now);

}  // namespace larder::reports
