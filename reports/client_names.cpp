// SPDX-License-Identifier: MIT
#include "reports/client_names.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <optional>
#include <span>

#include "base/text.h"

namespace larder::reports {
namespace {

constexpr std::size_t kOctets = 4;
constexpr std::size_t kMappedPrefix = 12;  // of ::ffff:0:0/96

std::string hexadecimal(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::vector<std::uint64_t> numbers_in(std::string_view name) {
  std::vector<std::uint64_t> numbers;
  for (std::size_t at = 0; at < name.size();) {
    const auto end = std::find_if_not(name.begin() + static_cast<std::ptrdiff_t>(at), name.end(), is_digit);
    const std::size_t length = static_cast<std::size_t>(end - name.begin()) - at;
    if (length > 0) numbers.push_back(parse_decimal(name.substr(at, length)).value_or(UINT64_MAX));
    at += std::max<std::size_t>(length, 1);
  }
  return numbers;
}

bool spells_v4(std::string_view name, std::span<const std::uint8_t> octets) {
  std::string padded;
  for (const std::uint8_t octet : octets) {
    std::array<char, 4> digits{};
    std::snprintf(digits.data(), digits.size(), "%03u", octet);
    padded += digits.data();
  }
  if (name.find(padded) != std::string_view::npos || name.find(hexadecimal(octets)) != std::string_view::npos) {
    return true;
  }
  const std::vector<std::uint64_t> numbers = numbers_in(name);
  std::array<std::uint64_t, kOctets> wanted{};
  std::copy(octets.begin(), octets.end(), wanted.begin());
  for (const bool reversed : {false, true}) {
    if (reversed) std::reverse(wanted.begin(), wanted.end());
    if (std::search(numbers.begin(), numbers.end(), wanted.begin(), wanted.end()) != numbers.end()) return true;
  }
  return false;
}

bool spells_v6(std::string_view name, const config::Address& address) {
  std::string dashes = address.text();
  std::replace(dashes.begin(), dashes.end(), ':', '-');
  if (name.find(dashes) != std::string_view::npos) return true;
  std::string joined;
  std::copy_if(name.begin(), name.end(), std::back_inserter(joined), [](char c) { return c != '-' && c != '.'; });
  std::string nibbles = hexadecimal(address.bytes);
  if (joined.find(nibbles) != std::string::npos) return true;
  std::reverse(nibbles.begin(), nibbles.end());
  return joined.find(nibbles) != std::string::npos;
}

bool spells(std::string_view name, const config::Address& address) {
  if (!address.is_v4()) return spells_v6(name, address);
  return spells_v4(name, std::span(address.bytes).subspan(kMappedPrefix));
}

bool is_of_no_device(std::string_view name) {
  constexpr std::array<std::string_view, 4> kTops{"localhost", "localdomain", "in-addr.arpa", "ip6.arpa"};
  return std::any_of(kTops.begin(), kTops.end(), [name](std::string_view top) {
    if (name == top) return true;
    const bool below = name.size() > top.size() && name.ends_with(top) && name[name.size() - top.size() - 1] == '.';
    return below && (top != "localdomain" || name.starts_with("localhost"));
  });
}

}  // namespace

std::string device_name(std::string_view said, const config::Address& address) {
  if (said.ends_with('.')) said.remove_suffix(1);
  if (said.empty() || said.size() > kDeviceNameBytes) return {};
  std::string name = to_lower(said);
  const bool good = config::is_host_name(name) && !config::Address::parse(name) && !is_of_no_device(name);
  return good && !spells(name, address) ? name : std::string{};
}

}  // namespace larder::reports
