// SPDX-License-Identifier: MIT
#include "config/rates.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/bytes.h"
#include "base/text.h"

namespace larder::config {
namespace {

constexpr BytesPerSecond kLeastRate = 8000;
constexpr BytesPerSecond kMostRate = 125'000'000'000;
constexpr std::uint16_t kDayMinutes = 1440;

// From the largest, bits first: lines are sold by them.
constexpr std::array<std::pair<std::string_view, double>, 11> kUnits{{{"Gbit", 125e6},
                                                                      {"Mbit", 125e3},
                                                                      {"GiB", 1073741824.0},
                                                                      {"MiB", 1048576.0},
                                                                      {"KiB", 1024.0},
                                                                      {"kbit", 125},
                                                                      {"GB", 1e9},
                                                                      {"MB", 1e6},
                                                                      {"kB", 1e3},
                                                                      {"B", 1},
                                                                      {"bit", 0.125}}};

std::string shown(std::string_view text) {
  return is_printable_utf8(text) ? "\"" + std::string(text) + "\"" : "this text";
}

Error not_a_rate(std::string_view text) {
  const std::string lower = to_lower(text);
  const bool ambiguous = ends_with_ignoring_case(lower, "mb/s") || ends_with_ignoring_case(lower, "bps");
  return fail(ErrorKind::invalid,
              shown(text) + " is not a rate; write a number and a unit, such as \"50 Mbit/s\" or \"10 MiB/s\"" +
                  (ambiguous ? " (bits or bytes: write which)" : ""));
}

Error not_hours(std::string_view text) {
  return fail(ErrorKind::invalid,
              shown(text) + " are no hours; write them as \"08:00-17:00\", or \"22:00-06:00\" until the next day");
}

// "HH:MM"; 24:00 too.
std::optional<std::uint16_t> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hours = parse_decimal(text.substr(0, 2));
  const auto minutes = parse_decimal(text.substr(3));
  if (!hours || !minutes || *minutes > 59 || *hours > 24) return std::nullopt;
  const auto minute = static_cast<std::uint16_t>(*hours * 60 + *minutes);
  return minute <= kDayMinutes ? std::optional(minute) : std::nullopt;
}

bool holds(const RateWindow& window, LocalMinute now) {
  const bool today = window.days.at(now.weekday);
  if (window.begin_minute < window.end_minute) {
    return today && now.minute >= window.begin_minute && now.minute < window.end_minute;
  }
  const bool yesterday = window.days.at((now.weekday + 6) % 7);
  return (today && now.minute >= window.begin_minute) || (yesterday && now.minute < window.end_minute);
}

}  // namespace

Rates rates_at(const RatesConfig& rates, LocalMinute now) {
  for (const RateWindow& window : rates.windows) {
    if (holds(window, now)) return {window.client.value_or(rates.client), window.line.value_or(rates.line)};
  }
  return {rates.client, rates.line};
}

Result<BytesPerSecond> parse_rate(std::string_view text) {
  if (text.empty()) return BytesPerSecond{0};
  if (!text.ends_with("/s")) return not_a_rate(text);
  const std::string_view amount = text.substr(0, text.size() - 2);
  std::size_t digits = 0;
  while (digits < amount.size() && (is_digit(amount[digits]) || amount[digits] == '.')) ++digits;
  const std::string_view number = amount.substr(0, digits);
  std::string_view unit = amount.substr(digits);
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (number.empty() || number.front() == '.' || number.back() == '.') return not_a_rate(text);
  const auto known = std::find_if(kUnits.begin(), kUnits.end(), [&](const auto& entry) { return entry.first == unit; });
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (known == kUnits.end() || error != std::errc{} || end != number.data() + number.size()) return not_a_rate(text);
  const double rate = std::floor(value * known->second);
  if (rate < static_cast<double>(kLeastRate) || rate > static_cast<double>(kMostRate)) {
    return fail(ErrorKind::invalid, shown(text) +
                                        " is outside what makes sense here; write something from \"64 kbit/s\" "
                                        "to \"1000 Gbit/s\", or \"\" for no limit");
  }
  return static_cast<BytesPerSecond>(rate);
}

std::string format_rate(BytesPerSecond rate) {
  if (rate == 0) return "";
  for (const auto& [name, factor] : kUnits) {
    const double amount = std::floor(static_cast<double>(rate) / factor);
    if (amount < 1 || amount * factor != static_cast<double>(rate)) continue;
    return std::to_string(static_cast<std::uint64_t>(amount)) + " " + std::string(name) + "/s";
  }
  return std::to_string(rate) + " B/s";
}

Result<Hours> parse_hours(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return not_hours(text);
  const auto begin = parse_minute(text.substr(0, dash));
  const auto end = parse_minute(text.substr(dash + 1));
  if (!begin || !end || *begin == kDayMinutes || *begin == *end) return not_hours(text);
  return Hours{*begin, *end};
}

std::string format_hours(Hours hours) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%02u:%02u-%02u:%02u", hours.begin_minute / 60U, hours.begin_minute % 60U,
                hours.end_minute / 60U, hours.end_minute % 60U);
  return text.data();
}

const std::vector<std::string_view>& day_names() {
  static const std::vector<std::string_view> names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  return names;
}

}  // namespace larder::config
