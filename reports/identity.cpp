// SPDX-License-Identifier: MIT
#include "reports/identity.h"

#include <chrono>
#include <cstring>

#include "base/limits.h"
#include "base/text.h"

namespace larder::reports {
namespace {

constexpr std::chrono::seconds kRefreshEvery{30};

bool is_plain(char c) {
  return c >= 0x20 && c != 0x7F && static_cast<unsigned char>(c) < 0x80;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kDigits[byte >> 4U];
  out += kDigits[byte & 15U];
}

}  // namespace

std::string clean_name(std::string_view text) {
  text = text.substr(0, kNameBytes);
  if (is_printable_utf8(text)) return std::string(text);
  std::string clean;
  for (const char c : text) clean += is_plain(c) ? c : '?';
  return clean;
}

std::string clean_url(std::string_view url) {
  url = url.substr(0, kUrlBytes);
  if (is_printable_utf8(url)) return std::string(url);
  std::string clean;
  for (const char c : url) {
    if (clean.size() + 3 > kUrlBytes) break;
    if (is_plain(c)) {
      clean += c;
    } else {
      append_escaped(clean, c);
    }
  }
  return clean;
}

bool is_device_token(std::string_view token) {
  if (token.empty() || token.size() > limits::kTokenBytes || !is_printable_utf8(token)) return false;
  return !token.starts_with("mac:") && !token.starts_with(kNamePrefix) && !config::Address::parse(token);
}

std::size_t AddressHash::operator()(const config::Address& address) const {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, address.bytes.data(), sizeof high);
  std::memcpy(&low, address.bytes.data() + sizeof high, sizeof low);
  return static_cast<std::size_t>((high * 0x9E3779B97F4A7C15ULL) ^ (low * 0xC2B2AE3D27D4EB4FULL));
}

bool Neighbourhood::refresh(SteadyTime now) {
  if (!neighbours_ || (read_at_ && now - *read_at_ < kRefreshEvery)) return false;
  read_at_ = now;
  known_.clear();
  for (Neighbour& neighbour : neighbours_->read()) {
    neighbour.name = clean_name(neighbour.name);
    known_.emplace(neighbour.address, std::move(neighbour));
  }
  return true;
}

const Neighbour* Neighbourhood::find(const config::Address& address) const {
  const auto found = known_.find(address);
  return found == known_.end() ? nullptr : &found->second;
}

std::string mac_id(const Mac& mac) {
  return "mac:" + mac_text(mac);
}

std::string name_device_id(std::string_view name) {
  return std::string(kNamePrefix).append(name);
}

Identity identify(const FetchRecord& record, const Neighbour* neighbour) {
  if (is_device_token(record.token)) {
    const bool by_user = record.token_from == DeviceEvidence::proxy_user;
    return {record.token, by_user ? DeviceEvidence::proxy_user : DeviceEvidence::token};
  }
  if (neighbour != nullptr) {
    const bool by_dhcp = neighbour->from == NeighbourFrom::dhcp;
    return {mac_id(neighbour->mac), by_dhcp ? DeviceEvidence::dhcp : DeviceEvidence::mac};
  }
  return {record.client.text(), DeviceEvidence::address};
}

}  // namespace larder::reports
