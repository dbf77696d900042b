// SPDX-License-Identifier: MIT
// Tables and lines for a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace larder::admin {

enum class Align { left, right };

struct Column {
  std::string title;
  Align align = Align::left;
};

// Rows under their titles, two spaces between columns, no line longer than `width` characters: the widest left-aligned
// columns are cut, with an ellipsis. 0: as wide as it is, for pipes. Control characters, which names from devices may
// hold, become '?'.
std::string text_table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
                       std::size_t width);

// The text in lines of at most `width` characters, each after `indent` spaces. Words longer than a line stay whole.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width);

// Columns of the terminal on standard output; 0 when it is none.
std::size_t terminal_width();

}  // namespace larder::admin
