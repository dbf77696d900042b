// SPDX-License-Identifier: MIT
#include "proxy/authority.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kNameBytes = 253;  // RFC 1035 2.3.4, without the root label

struct Parts {
  std::string_view host;  // without brackets
  std::optional<std::uint16_t> port;
  bool literal = false;
};

bool is_label_char(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-' || c == '_';
}

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytes || name.front() == '.') return false;
  char before = '.';
  for (const char c : name) {
    if (c == '.' ? before == '.' : !is_label_char(c)) return false;
    before = c;
  }
  return before != '.';
}

// Whether resolvers read it as an IPv4 address: "192.0.2.1", but also "127.1", "2130706433" and "0x7f000001". The last
// label decides, as no top-level domain is a number.
bool is_numeric(std::string_view name) {
  const auto dot = name.rfind('.');
  std::string_view last = dot == std::string_view::npos ? name : name.substr(dot + 1);
  if (last.size() > 2 && last[0] == '0' && to_lower(last[1]) == 'x') {
    last.remove_prefix(2);
    return std::all_of(last.begin(), last.end(), is_hex_digit);
  }
  return std::all_of(last.begin(), last.end(), is_digit);
}

bool is_ipv6(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.empty() || text.size() >= sizeof terminated) return false;
  std::memcpy(terminated, text.data(), text.size());
  in6_addr address{};
  return inet_pton(AF_INET6, terminated, &address) == 1;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.size() > 5) return std::nullopt;
  const auto number = parse_decimal(text);
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::optional<Parts> take_apart(std::string_view text) {
  Parts parts;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    parts.host = text.substr(1, close - 1);
    parts.literal = true;
    if (!is_ipv6(parts.host)) return std::nullopt;
    rest = text.substr(close + 1);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    parts.host = text.substr(0, colon);
    rest = text.substr(colon);
    if (parts.host.ends_with('.')) parts.host.remove_suffix(1);
    if (!is_name(parts.host)) return std::nullopt;
    parts.literal = is_numeric(parts.host);
  }
  if (rest.empty()) return parts;
  if (rest.front() != ':') return std::nullopt;
  if (rest.size() == 1) return parts;  // RFC 3986 3.2.3: the scheme's own port
  parts.port = parse_port(rest.substr(1));
  if (!parts.port) return std::nullopt;
  return parts;
}

}  // namespace

std::optional<Authority> parse_authority(std::string_view text) {
  const auto parts = take_apart(text);
  if (!parts) return std::nullopt;
  return Authority{to_lower(parts->host), parts->port, parts->literal};
}

bool is_authority(std::string_view text) {
  return take_apart(text).has_value();
}

bool same_authority(std::string_view a, std::string_view b, std::uint16_t default_port) {
  const auto x = take_apart(a);
  const auto y = take_apart(b);
  return x && y && equals_ignoring_case(x->host, y->host) &&
         x->port.value_or(default_port) == y->port.value_or(default_port);
}

}  // namespace larder::proxy
