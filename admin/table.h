// SPDX-License-Identifier: MIT
// Table: rows of an answer before it is decided whether they go out as JSON or CSV.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace larder::admin {

struct Table;

// Nothing, truth, count, difference, share, text, rows of its own (never null). Times are text by then (to_cell). Rows
// of a cell are an array of objects as JSON, and as CSV "a b c; d e f".
using Cell =
    std::variant<std::monostate, bool, std::uint64_t, std::int64_t, double, std::string, std::shared_ptr<const Table>>;

struct Table {
  std::vector<std::string_view> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
};

// RFC 3339, or nothing for the clock's zero: "never".
Cell to_cell(WallTime time);

// {"items": [{...}], "next_cursor": "..."}; next_cursor is null at the end.
std::string list_json(const Table& table, const std::string& next_cursor);
// The first row as one object.
std::string object_json(const Table& table);

// RFC 4180 with a header line. Text that a spreadsheet would take for a formula gets a ' in front: names come from
// devices.
std::string csv(const Table& table);

}  // namespace larder::admin
