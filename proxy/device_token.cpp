// SPDX-License-Identifier: MIT
#include "proxy/device_token.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "base/limits.h"
#include "base/text.h"

namespace larder::proxy {
namespace {

bool is_token_char(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '.' || c == '_' || c == ':' || c == '-';
}

std::optional<std::uint32_t> base64_value(char c) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = kDigits.find(c);
  if (at == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint32_t>(at);
}

// RFC 4648 4, padded, nothing between the digits, unused bits zero. OpenSSL's decoder is laxer and keeps padding as
// zero bytes.
std::optional<std::string> decode_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) return std::nullopt;
  const std::size_t padding = text.ends_with("==") ? 2 : static_cast<std::size_t>(text.ends_with('='));
  text.remove_suffix(padding);
  std::string decoded;
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const auto value = base64_value(c);
    if (!value) return std::nullopt;
    bits = (bits << 6U | *value) & 0xFFFFU;
    held += 6;
    if (held < 8) continue;
    held -= 8;
    decoded += static_cast<char>(bits >> held & 0xFFU);
  }
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return decoded;
}

}  // namespace

// "." and ".." are ways through a path, not names.
bool is_token(std::string_view text) {
  return text.find_first_not_of('.') != std::string_view::npos && text.size() <= limits::kTokenBytes &&
         std::all_of(text.begin(), text.end(), is_token_char);
}

std::string proxy_user(const RequestHead& head) {
  constexpr std::string_view kScheme = "Basic ";
  const auto value = head.find("Proxy-Authorization");
  if (!equals_ignoring_case(value.substr(0, kScheme.size()), kScheme)) return {};
  const auto credentials = decode_base64(trim(value.substr(kScheme.size())));
  if (!credentials) return {};
  // The user name ends at the first colon (RFC 7617 2), so a token given this way has none in it.
  auto user = credentials->substr(0, credentials->find(':'));
  return is_token(user) ? user : std::string{};
}

TokenPath take_token(std::string_view path) {
  constexpr std::string_view kLead = "/d/";
  if (!path.starts_with(kLead)) return {{}, path, false};
  const auto rest = path.substr(kLead.size());
  const auto slash = std::min(rest.find('/'), rest.size());
  auto token = percent_decode(rest.substr(0, slash));
  if (!token || !is_token(*token)) return {{}, path, true};
  return {std::move(*token), slash == rest.size() ? std::string_view("/") : rest.substr(slash), false};
}

}  // namespace larder::proxy
