// SPDX-License-Identifier: MIT
#include "admin/table.h"

#include <array>
#include <charconv>

#include "admin/json.h"

namespace larder::admin {
namespace {

Json to_json(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>) {
          return nullptr;
        } else if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::shared_ptr<const Table>>) {
          return rows_json(*value);
        } else {
          return value;
        }
      },
      cell);
}

void append_text(std::string& out, const std::string& text) {
  constexpr std::string_view kFormulaStarts = "=+-@\t\r";
  const bool formula = !text.empty() && kFormulaStarts.find(text.front()) != std::string_view::npos;
  if (!formula && text.find_first_of(",\"\r\n") == std::string::npos) {
    out += text;
    return;
  }
  out += formula ? "\"'" : "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out.push_back('"');
}

void append(std::string& out, const Cell& cell);

void append_rows(std::string& out, const Table& table) {
  std::string text;
  for (const auto& row : table.rows) {
    if (!text.empty()) text += ';';
    for (const Cell& cell : row) {
      std::string word;
      if (const auto* plain = std::get_if<std::string>(&cell)) {
        word = *plain;
      } else {
        append(word, cell);
      }
      if (!word.empty()) text += (text.empty() ? "" : " ") + word;
    }
  }
  append_text(out, text);
}

void append(std::string& out, const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) append_text(out, *text);
  if (const auto* rows = std::get_if<std::shared_ptr<const Table>>(&cell)) append_rows(out, **rows);
  if (const auto* truth = std::get_if<bool>(&cell)) out += *truth ? "true" : "false";
  if (const auto* count = std::get_if<std::uint64_t>(&cell)) out += std::to_string(*count);
  if (const auto* difference = std::get_if<std::int64_t>(&cell)) out += std::to_string(*difference);
  if (const auto* share = std::get_if<double>(&cell)) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *share).ptr;
    out.append(digits.data(), end);
  }
}

}  // namespace

Cell to_cell(WallTime time) {
  if (time == WallTime{}) return std::monostate{};
  return to_rfc3339(time);
}

Json row_json(const Table& table, std::size_t row) {
  Json object = Json::object();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    object[std::string(table.columns[i])] = to_json(table.rows.at(row).at(i));
  }
  return object;
}

Json rows_json(const Table& table) {
  Json items = Json::array();
  for (std::size_t i = 0; i < table.rows.size(); ++i) items.push_back(row_json(table, i));
  return items;
}

std::string list_json(const Table& table, const std::string& next_cursor) {
  Json answer;
  answer["items"] = rows_json(table);
  answer["next_cursor"] = next_cursor.empty() ? Json(nullptr) : Json(next_cursor);
  return dumped(answer);
}

std::string object_json(const Table& table) {
  return dumped(row_json(table, 0));
}

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string csv(const Table& table) {
  std::string out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    out += (i == 0 ? "" : ",") + std::string(table.columns[i]);
  }
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out.push_back(',');
      append(out, row[i]);
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace larder::admin
