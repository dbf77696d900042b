// SPDX-License-Identifier: MIT
#include "config/network.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace larder::config {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr unsigned kMappedBits = 96;
constexpr std::size_t kHostNameBytes = 253;  // RFC 1035 2.3.4, as text

std::string quote(std::string_view text) {
  if (!is_printable_utf8(text)) return "this text";
  return "\"" + std::string(text) + "\"";
}

Error not_an_endpoint(std::string_view text, std::string_view why) {
  return fail(ErrorKind::invalid,
              quote(text) + " is not an address and port: " + std::string(why) +
                  "; write \"192.0.2.1:8080\", \"[2001:db8::1]:8080\" or \"name.example.org:8080\"");
}

Error not_a_network(std::string_view text, std::string_view why) {
  return fail(ErrorKind::invalid, quote(text) + " is not a network: " + std::string(why) +
                                      "; write a CIDR such as \"10.0.0.0/8\" or \"2001:db8::/32\", or one address");
}

bool is_host_character(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-' || c == '.' || c == '_';
}

bool is_name_or_v4(std::string_view host) {
  if (host.empty() || host.size() > kHostNameBytes || !std::all_of(host.begin(), host.end(), is_host_character)) {
    return false;
  }
  const bool numeric = std::all_of(host.begin(), host.end(), [](char c) { return is_digit(c) || c == '.'; });
  if (numeric) return Address::parse(host).has_value();
  for (const auto label : split(host, '.')) {
    if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-') return false;
  }
  return true;
}

std::uint8_t mask_of(unsigned prefix, std::size_t byte) {
  const unsigned bits = std::min(8U, prefix > byte * 8 ? prefix - static_cast<unsigned>(byte) * 8 : 0U);
  return static_cast<std::uint8_t>(0xFFU << (8U - bits));
}

Network v4(std::uint8_t a, std::uint8_t b, std::uint8_t prefix) {
  Network network;
  std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), network.base.bytes.begin());
  network.base.bytes[12] = a;
  network.base.bytes[13] = b;
  network.prefix = static_cast<std::uint8_t>(kMappedBits + prefix);
  return network;
}

Network v6(std::uint8_t first, std::uint8_t second, std::uint8_t prefix) {
  Network network;
  network.base.bytes[0] = first;
  network.base.bytes[1] = second;
  network.prefix = prefix;
  return network;
}

}  // namespace

bool Address::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes.data() + kMappedPrefix.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return text.data();
}

Result<Address> Address::parse(std::string_view text) {
  Address address;
  const bool whole = text.find('\0') == std::string_view::npos && text.size() < INET6_ADDRSTRLEN;
  const std::string copy(whole ? text : std::string_view{});
  if (inet_pton(AF_INET6, copy.c_str(), address.bytes.data()) == 1) return address;
  if (inet_pton(AF_INET, copy.c_str(), address.bytes.data() + kMappedPrefix.size()) == 1) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    return address;
  }
  return fail(ErrorKind::invalid,
              quote(text) + " is not an IP address; write one such as \"192.0.2.7\" or \"2001:db8::7\"");
}

Address Address::from(const sockaddr& socket_address) {
  Address address;
  if (socket_address.sa_family == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &socket_address, sizeof in);
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    std::memcpy(address.bytes.data() + kMappedPrefix.size(), &in.sin_addr, sizeof in.sin_addr);
  } else if (socket_address.sa_family == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, &socket_address, sizeof in6);
    std::memcpy(address.bytes.data(), &in6.sin6_addr, sizeof in6.sin6_addr);
  }
  return address;
}

bool is_host_name(std::string_view text) {
  constexpr std::size_t kNameBytes = 253;
  constexpr std::size_t kLabelBytes = 63;
  const auto inner = [](char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-'; };
  if (text.size() > kNameBytes) return false;
  const auto labels = split(text, '.');
  return std::all_of(labels.begin(), labels.end(), [&](std::string_view label) {
    return !label.empty() && label.size() <= kLabelBytes && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), inner);
  });
}

std::string Endpoint::text() const {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return not_an_endpoint(text, "it has no port");
  const std::string_view port_text = text.substr(colon + 1);
  const auto port = parse_decimal(port_text);
  if (!port || *port > 65535 || port_text.size() > 5) return not_an_endpoint(text, "the port is not 0 to 65535");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos || !Address::parse(host)) {
      return not_an_endpoint(text, "what stands in brackets is not an IPv6 address");
    }
  } else if (host.find(':') != std::string_view::npos) {
    return not_an_endpoint(text, "an IPv6 address needs brackets");
  } else if (!is_name_or_v4(host)) {
    return not_an_endpoint(text, "what stands before the port is neither a host name nor an address");
  }
  return Endpoint{to_lower(host), static_cast<std::uint16_t>(*port)};
}

bool Network::contains(const Address& address) const {
  // "::/0" means IPv6: it does not take in IPv4 clients by way of their mapped form.
  if (address.is_v4() != (base.is_v4() && prefix >= kMappedBits)) return false;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const std::uint8_t mask = mask_of(prefix, i);
    if ((address.bytes.at(i) & mask) != base.bytes.at(i)) return false;
  }
  return true;
}

std::string Network::text() const {
  const unsigned bits = base.is_v4() && prefix >= kMappedBits ? prefix - kMappedBits : prefix;
  return base.text() + "/" + std::to_string(bits);
}

Result<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view base_text = text.substr(0, slash);
  const auto base = Address::parse(base_text);
  if (!base) return not_a_network(text, "its address cannot be read");
  const bool dotted = base_text.find(':') == std::string_view::npos;
  const unsigned offset = dotted ? kMappedBits : 0;
  Network network{*base, 128};
  if (slash == std::string_view::npos) return network;
  const std::string_view prefix_text = text.substr(slash + 1);
  const auto prefix = parse_decimal(prefix_text);
  if (!prefix || prefix_text.size() > 3 || *prefix + offset > 128) {
    return not_a_network(text, dotted ? "the prefix is not 0 to 32" : "the prefix is not 0 to 128");
  }
  network.prefix = static_cast<std::uint8_t>(*prefix + offset);
  for (std::size_t i = 0; i < network.base.bytes.size(); ++i) {
    network.base.bytes.at(i) = static_cast<std::uint8_t>(network.base.bytes.at(i) & mask_of(network.prefix, i));
  }
  if (network.base != *base) {
    return not_a_network(text, "it has bits beyond its prefix (did you mean \"" + network.text() + "\"?)");
  }
  return network;
}

const std::vector<Network>& private_networks() {
  static const std::vector<Network> networks{v4(127, 0, 8),      v4(10, 0, 8),     v4(172, 16, 12),
                                             v4(192, 168, 16),   v4(169, 254, 16), *Network::parse("::1/128"),
                                             v6(0xFE, 0x80, 10), v6(0xFC, 0x00, 7)};
  return networks;
}

const std::vector<Network>& loopback_networks() {
  static const std::vector<Network> networks{v4(127, 0, 8), *Network::parse("::1/128")};
  return networks;
}

bool any_contains(const std::vector<Network>& networks, const Address& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const Network& network) { return network.contains(address); });
}

}  // namespace larder::config
