// SPDX-License-Identifier: MIT
#include "config/duration.h"

#include <array>
#include <cstdint>

#include "base/text.h"

namespace larder::config {
namespace {

struct TimeUnit {
  char name;
  std::uint64_t seconds;
};

constexpr std::array<TimeUnit, 4> kUnits{{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
constexpr std::uint64_t kMostSeconds = 100ULL * 366 * 86400;

Error not_a_duration(std::string_view text) {
  const std::string shown = is_printable_utf8(text) ? "\"" + std::string(text) + "\"" : "this text";
  return fail(ErrorKind::invalid,
              shown + " is not a span of time; write numbers with d, h, m or s, such as \"24h\", \"7d\" or \"1h30m\"");
}

}  // namespace

Result<std::chrono::seconds> parse_duration(std::string_view text) {
  std::string_view rest = text;
  std::size_t next_unit = 0;
  std::uint64_t total = 0;
  do {
    std::size_t digits = 0;
    while (digits < rest.size() && is_digit(rest[digits])) ++digits;
    const auto number = parse_decimal(rest.substr(0, digits));
    if (!number || digits == rest.size() || *number > kMostSeconds) return not_a_duration(text);
    while (next_unit < kUnits.size() && kUnits.at(next_unit).name != rest[digits]) ++next_unit;
    if (next_unit == kUnits.size()) return not_a_duration(text);
    total += *number * kUnits.at(next_unit++).seconds;
    rest.remove_prefix(digits + 1);
  } while (!rest.empty());
  if (total > kMostSeconds) return not_a_duration(text);
  return std::chrono::seconds(total);
}

std::string format_duration(std::chrono::seconds span) {
  auto left = static_cast<std::uint64_t>(span.count());
  std::string text;
  for (const auto& [name, seconds] : kUnits) {
    if (name == 'd' && left < 2 * seconds) continue;  // people say 24 hours, not a day
    if (left >= seconds) text += std::to_string(left / seconds) + name;
    left %= seconds;
  }
  return text.empty() ? "0s" : text;
}

}  // namespace larder::config
