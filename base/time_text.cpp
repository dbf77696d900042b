// SPDX-License-Identifier: MIT
#include "base/time_text.h"

#include <algorithm>

#include "base/text.h"

namespace larder {
namespace {

// Reads two or four digits and the separator after them from the front of `text`.
std::optional<unsigned> take(std::string_view& text, std::size_t digits, std::string_view separator) {
  if (text.size() < digits + separator.size() || text.substr(digits, separator.size()) != separator) {
    return std::nullopt;
  }
  const auto number = parse_decimal(text.substr(0, digits));
  if (!number) return std::nullopt;
  text.remove_prefix(digits + separator.size());
  return static_cast<unsigned>(*number);
}

std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  using std::chrono::minutes;
  if (text == "Z" || text == "z") return minutes(0);
  // A '+' in a query is a space.
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-' && text[0] != ' ')) return std::nullopt;
  const bool west = text[0] == '-';
  text.remove_prefix(1);
  const auto hours = take(text, 2, ":");
  const auto rest = take(text, 2, "");
  if (!hours || !rest || *hours > 23 || *rest > 59) return std::nullopt;
  const minutes offset(*hours * 60 + *rest);
  return west ? -offset : offset;
}

}  // namespace

std::optional<WallTime> parse_time(std::string_view text) {
  using namespace std::chrono;
  const auto y = take(text, 4, "-");
  const auto m = y ? take(text, 2, "-") : std::nullopt;
  const auto d = m ? take(text, 2, "") : std::nullopt;
  if (!d) return std::nullopt;
  const year_month_day date{year(static_cast<int>(*y)), month(*m), day(*d)};
  if (!date.ok()) return std::nullopt;
  if (text.empty()) return WallTime(sys_days(date));
  if (text.front() != 'T' && text.front() != 't') return std::nullopt;
  text.remove_prefix(1);
  const auto hour = take(text, 2, ":");
  const auto minute = hour ? take(text, 2, ":") : std::nullopt;
  const auto second = minute ? take(text, 2, "") : std::nullopt;
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  microseconds fraction{0};
  if (text.starts_with('.')) {
    std::size_t digits = 1;
    for (std::int64_t unit = 100'000; digits < text.size() && is_digit(text[digits]); ++digits, unit /= 10) {
      fraction += microseconds((text[digits] - '0') * unit);
    }
    if (digits == 1) return std::nullopt;
    text.remove_prefix(digits);
  }
  const auto offset = parse_offset(text);
  if (!offset) return std::nullopt;
  return WallTime(sys_days(date)) + hours(*hour) + minutes(*minute) + seconds(*second) + fraction - *offset;
}

WallTime earlier(WallTime a, WallTime b) {
  return a == WallTime{} || b == WallTime{} ? std::max(a, b) : std::min(a, b);
}

}  // namespace larder
