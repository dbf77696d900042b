// SPDX-License-Identifier: MIT
// host[:port] as Host, CONNECT and `source=` write it, parsed strictly (RFC 3986 3.2 without user info). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::proxy {

struct Authority {
  std::string host;  // lower case, without brackets and without the root's trailing dot; never empty
  std::optional<std::uint16_t> port;
  bool literal = false;  // an IPv4 or IPv6 address rather than a name
};

// Names: labels of letters, digits, '-' and '_', at most 253 bytes. IPv6 in brackets. Ports 1 to 65535, digits only.
// Nothing when malformed.
std::optional<Authority> parse_authority(std::string_view text);

// Whether two spellings name the same server, given the port that is meant where one is not written. No allocation.
bool same_authority(std::string_view a, std::string_view b, std::uint16_t default_port);

// Whether parse_authority would accept it. No allocation.
bool is_authority(std::string_view text);

}  // namespace larder::proxy
