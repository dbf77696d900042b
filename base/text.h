// SPDX-License-Identifier: MIT
// Small, locale-free operations on ASCII text, as protocols need them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
bool ends_with_ignoring_case(std::string_view text, std::string_view ending);
std::string_view trim(std::string_view text);  // space, tab, CR, LF

// Digits only: no sign, no spaces, no overflow. Empty text is nothing.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

std::vector<std::string_view> split(std::string_view text, char separator);

// Decodes %XX. Nothing when an escape is malformed.
std::optional<std::string> percent_decode(std::string_view text);

// True for well-formed UTF-8 without control characters: what may be shown or logged as it is.
bool is_printable_utf8(std::string_view text);

// Levenshtein distance, for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace larder
