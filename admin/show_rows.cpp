// SPDX-License-Identifier: MIT
#include "admin/show_rows.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <iomanip>
#include <sstream>

#include "admin/text_table.h"
#include "base/bytes.h"

namespace larder::admin {
namespace {

std::string cell(const Json& row, const Shown& shown) {
  const Json& value = row.at(shown.field);
  if (value.is_null()) return "-";
  switch (shown.as) {
    case As::text:
      return value.get<std::string>();
    case As::count:
      return std::to_string(value.get<std::uint64_t>());
    case As::bytes:
      return bytes_text(value);
    case As::share:
      return percent(value.get<double>());
    case As::days:
      return with_decimals(value, 1);
    case As::day:
      return value.get<std::string>().substr(0, 10);
    case As::time:
      return short_time(value.get<std::string>());
    case As::versions: {
      std::string text;
      for (const Json& each : value) {
        text += (text.empty() ? "" : ", ") + each.at("product").get<std::string>() + " " +
                each.at("version").get<std::string>();
      }
      return text;
    }
    case As::truth:
      return value.get<bool>() ? "yes" : "no";
  }
  return {};
}

}  // namespace

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", share * 100);
  return text.data();
}

std::string bytes_text(const Json& number) {
  const bool below = number.is_number_integer() && !number.is_number_unsigned() && number.get<std::int64_t>() < 0;
  return below ? "-" + format_bytes(static_cast<std::uint64_t>(-number.get<std::int64_t>()))
               : format_bytes(number.get<std::uint64_t>());
}

std::string short_time(std::string time) {
  if (time.size() < 16) return time;
  time.resize(16);
  time[10] = ' ';
  return time;
}

std::string with_decimals(const Json& number, int decimals) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(decimals) << number.get<double>();
  return text.str();
}

std::string show_rows(const Json& rows, std::span<const Shown> shown, std::size_t width) {
  std::vector<Column> columns;
  for (const auto& column : shown) {
    const bool number =
        column.as == As::count || column.as == As::bytes || column.as == As::share || column.as == As::days;
    columns.push_back({column.title, number ? Align::right : Align::left});
  }
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (const auto& column : shown) line.push_back(cell(row, column));
  }
  return text_table(columns, cells, width);
}

std::string show_list(const Json& answer, std::span<const Shown> shown, std::size_t width) {
  if (answer.at("items").empty()) return "nothing on record\n";
  std::string text = show_rows(answer.at("items"), shown, width);
  if (!answer.at("next_cursor").is_null()) {
    text += "\nmore: add --cursor " + answer.at("next_cursor").get<std::string>() + "\n";
  }
  return text;
}

std::string show_facts(const Facts& facts) {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts) widest = std::max(widest, name.size());
  std::string text;
  for (const auto& [name, value] : facts) {
    text.append(name).append(widest - name.size() + 2, ' ').append(value).append("\n");
  }
  return text;
}

}  // namespace larder::admin
