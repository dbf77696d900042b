// SPDX-License-Identifier: MIT
#include "base/bytes.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/text.h"

namespace larder {
namespace {

struct ByteUnit {
  std::string_view name;
  double factor;
};

constexpr std::array<ByteUnit, 10> kUnits{{{"", 1},
                                           {"b", 1},
                                           {"kb", 1e3},
                                           {"kib", 1024.0},
                                           {"mb", 1e6},
                                           {"mib", 1048576.0},
                                           {"gb", 1e9},
                                           {"gib", 1073741824.0},
                                           {"tb", 1e12},
                                           {"tib", 1099511627776.0}}};

Error not_an_amount(std::string_view text) {
  return fail(ErrorKind::invalid, "\"" + std::string(text) +
                                      "\" is not an amount of bytes; write a number and a unit, such as \"200 GiB\"");
}

}  // namespace

Result<std::uint64_t> parse_bytes(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && (is_digit(text[digits]) || text[digits] == '.')) ++digits;
  std::string_view number = text.substr(0, digits);
  std::string_view unit = text.substr(digits);
  if (unit.starts_with(' ')) {
    unit.remove_prefix(1);
    if (unit.empty()) return not_an_amount(text);
  }
  if (number.empty() || number.front() == '.' || number.back() == '.') return not_an_amount(text);
  const std::string lower = to_lower(unit);
  for (const auto& [name, factor] : kUnits) {
    if (name != lower) continue;
    if (number.find('.') == std::string_view::npos && factor == 1) {
      auto whole = parse_decimal(number);
      if (!whole || *whole >= (1ULL << 63)) return not_an_amount(text);
      return *whole;
    }
    double amount = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), amount);
    if (error != std::errc{} || end != number.data() + number.size()) return not_an_amount(text);
    const double bytes = amount * factor;
    if (bytes >= 9223372036854775808.0 || (factor == 1 && bytes != std::floor(bytes))) return not_an_amount(text);
    return static_cast<std::uint64_t>(bytes);
  }
  return not_an_amount(text);
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kNames{"B", "KiB", "MiB", "GiB", "TiB"};
  double amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kNames.size()) {
    amount /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  if (unit == 0 || amount >= 100) {
    std::snprintf(text.data(), text.size(), "%.0f %s", amount, kNames.at(unit));
  } else {
    std::snprintf(text.data(), text.size(), "%.1f %s", amount, kNames.at(unit));
  }
  return text.data();
}

}  // namespace larder
