// SPDX-License-Identifier: MIT
// Addresses, endpoints and networks as configuration writes them, parsed strictly.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace larder::config {

// An IPv4 or IPv6 address. IPv4 is kept as IPv4-mapped IPv6, so one comparison serves both and a client that reaches an
// IPv6 socket over IPv4 is the same client.
struct Address {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const Address&) const = default;

  bool is_v4() const;
  std::string text() const;  // "192.0.2.7", "2001:db8::7"
  static Result<Address> parse(std::string_view text);
  static Address from(const sockaddr& address);  // AF_INET or AF_INET6; anything else is ::
};

// Host (numeric or a name) and port: "0.0.0.0:8080", "[::]:8080", "cache.example.org:443".
struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): the 0 is the compiler's own.
  auto operator<=>(const Endpoint&) const = default;

  std::string text() const;  // brackets around IPv6
  static Result<Endpoint> parse(std::string_view text);
};

// Labels of letters, digits and inner '-', at most 63 bytes each and 253 in all; an address is one too.
bool is_host_name(std::string_view text);

// A CIDR network. Host bits must be zero.
struct Network {
  Address base;
  std::uint8_t prefix = 0;  // bits of the 128-bit form
  auto operator<=>(const Network&) const = default;

  bool contains(const Address& address) const;
  std::string text() const;
  static Result<Network> parse(std::string_view text);  // "10.0.0.0/8", "2001:db8::/32", a bare address
};

// Loopback, RFC 1918, link-local and unique local networks.
const std::vector<Network>& private_networks();
// 127.0.0.0/8 and ::1.
const std::vector<Network>& loopback_networks();
bool any_contains(const std::vector<Network>& networks, const Address& address);

}  // namespace larder::config
