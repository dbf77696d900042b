// SPDX-License-Identifier: MIT
#include "reports/page_cursor.h"

#include <xxhash.h>

#include <algorithm>

#include "base/text.h"
#include "reports/stored_bytes.h"

namespace larder::reports {
namespace {

// So that one that was changed on its way is refused, and gives no page from elsewhere.
constexpr std::size_t kCheckBytes = 4;
std::string check_of(std::string_view key) {
  StoredWriter check;
  check.u32(static_cast<std::uint32_t>(XXH3_64bits(key.data(), key.size())));
  return check.take();
}

}  // namespace

std::string encode_page_cursor(std::string_view key) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string cursor;
  const std::string checked = std::string(key) + check_of(key);
  cursor.reserve(checked.size() * 2);
  for (const char c : checked) {
    cursor += kDigits[static_cast<unsigned char>(c) >> 4U];
    cursor += kDigits[static_cast<unsigned char>(c) & 15U];
  }
  return cursor;
}

Result<std::string> decode_page_cursor(std::string_view cursor) {
  if (cursor.empty()) return std::string();
  const auto digit = [](char c) { return static_cast<unsigned>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10); };
  const auto wrong = [] {
    return fail(ErrorKind::invalid, "the cursor is not one that a page gave; begin without it");
  };
  const bool digits = cursor.size() % 2 == 0 && cursor.size() <= 4096 &&
                      std::all_of(cursor.begin(), cursor.end(), [](char c) { return is_hex_digit(c); });
  if (!digits || cursor.size() < 2 * kCheckBytes) return wrong();
  std::string key;
  for (std::size_t i = 0; i + 1 < cursor.size(); i += 2) {
    key += static_cast<char>(digit(cursor[i]) * 16 + digit(cursor[i + 1]));
  }
  const std::string check = key.substr(key.size() - kCheckBytes);
  key.resize(key.size() - kCheckBytes);
  if (check != check_of(key)) return wrong();
  return key;
}

}  // namespace larder::reports
