// SPDX-License-Identifier: MIT
#include "updates/published.h"

#include <algorithm>

#include "base/text.h"

namespace larder::updates {
namespace {

unsigned value_of(char digit) {
  return static_cast<unsigned>(is_digit(digit) ? digit - '0' : to_lower(digit) - 'a' + 10);
}

}  // namespace

std::string Sha1Digest::hex() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(kSize * 2);
  for (const std::byte b : bytes) {
    text.push_back(kDigits[std::to_integer<unsigned>(b) >> 4U]);
    text.push_back(kDigits[std::to_integer<unsigned>(b) & 15U]);
  }
  return text;
}

std::optional<Sha1Digest> Sha1Digest::from_hex(std::string_view hex) {
  if (hex.size() != kSize * 2 || !std::all_of(hex.begin(), hex.end(), is_hex_digit)) return std::nullopt;
  Sha1Digest digest;
  for (std::size_t i = 0; i < kSize; ++i) {
    digest.bytes.at(i) = static_cast<std::byte>(value_of(hex[2 * i]) * 16 + value_of(hex[2 * i + 1]));
  }
  return digest;
}

std::optional<Sha1Digest> Sha1Digest::from_bytes(std::string_view raw) {
  if (raw.size() != kSize) return std::nullopt;
  Sha1Digest digest;
  std::transform(raw.begin(), raw.end(), digest.bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
  return digest;
}

PublishedPtr together(const PublishedPtr& first, const PublishedPtr& second) {
  if (!first || !second || *first == *second) return first ? first : second;
  auto both = std::make_shared<Published>(*first);
  if (!both->size_bytes) both->size_bytes = second->size_bytes;
  if (!both->sha256) both->sha256 = second->sha256;
  if (!both->sha1) both->sha1 = second->sha1;
  if (!both->archive_head) both->archive_head = second->archive_head;
  if (both->chunk_list.empty()) both->chunk_list = second->chunk_list;
  return both;
}

}  // namespace larder::updates
