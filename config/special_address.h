// SPDX-License-Identifier: MIT
// Which addresses are no place on the Internet. A name that resolves to one of them leads into the site's own network,
// to this machine, or nowhere. After the IANA special-purpose address registries (RFC 6890) and the multicast blocks.
// Pure.
#pragma once

#include <string_view>

#include "config/network.h"

namespace larder::config {

// What the address is instead of a public one: "loopback", "private", "link-local", "shared (carrier NAT)",
// "multicast", "unspecified", "reserved", ...; "" for public ones. An address with an IPv4 one inside (IPv4-mapped,
// 6to4, NAT64) is what that one is; forms that hide an IPv4 address and are no longer used (Teredo, IPv4-compatible)
// are "reserved".
std::string_view special_use(const Address& address);

}  // namespace larder::config
