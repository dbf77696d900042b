// SPDX-License-Identifier: MIT
#include "config/price.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace larder::config {
namespace {

constexpr double kLeast = 0.000001, kMost = 1'000'000;
constexpr std::size_t kCurrencyBytes = 8;

bool is_currency(std::string_view text) {
  return !text.empty() && text.size() <= kCurrencyBytes && is_printable_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char c) { return c == ' ' || is_digit(c); });
}

}  // namespace

std::optional<ReportsConfig> read_price(const Value& value, ReportsConfig known, KeyProblems& problems) {
  const auto text = read_text(value, problems);
  if (!text) return std::nullopt;
  if (text->empty()) {
    known.price_per_gb = 0;
    return known;
  }
  const auto space = std::min(text->find(' '), text->size());
  const auto [end, error] = std::from_chars(text->data(), text->data() + space, known.price_per_gb);
  const bool number = error == std::errc{} && end == text->data() + space;
  const std::string_view currency = trim(std::string_view(*text).substr(space));
  if (number && known.price_per_gb >= kLeast && known.price_per_gb <= kMost && is_currency(currency)) {
    known.currency = currency;
    return known;
  }
  problems.add(value.line, "\"" + *text + "\" is no price; write an amount and a currency, such as \"0.05 EUR\"");
  return std::nullopt;
}

std::string price_text(const ReportsConfig& reports) {
  if (reports.price_per_gb <= 0) return "";
  std::array<char, 32> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), reports.price_per_gb);
  return std::string(digits.data(), written.ptr) + " " + reports.currency;
}

}  // namespace larder::config
