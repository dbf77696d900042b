// SPDX-License-Identifier: MIT
#include "admin/text_table.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"

namespace larder::admin {
namespace {

constexpr std::string_view kGap = "  ";
constexpr std::string_view kEllipsis = "\u2026";
constexpr std::size_t kNarrowest = 6;  // characters of a column that says anything at all

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

std::string shown(std::string_view text) {
  if (is_printable_utf8(text)) return std::string(text);
  std::string safe;
  for (const char c : text) safe.push_back(c >= 0x20 && c < 0x7F ? c : '?');
  return safe;
}

std::string cut(const std::string& text, std::size_t width) {
  if (characters(text) <= width) return text;
  std::size_t end = 0;
  for (std::size_t left = width - 1; end < text.size(); ++end) {
    if (begins_character(text[end]) && left-- == 0) break;
  }
  return text.substr(0, end) + std::string(kEllipsis);
}

// Takes from the widest left-aligned column until all fit or none can give more.
void fit(std::vector<std::size_t>& widths, const std::vector<Column>& columns, std::size_t width) {
  std::size_t total = kGap.size() * (widths.size() - 1);
  for (const auto column : widths) total += column;
  while (total > width) {
    std::size_t widest = widths.size();
    for (std::size_t i = 0; i < widths.size(); ++i) {
      if (columns[i].align == Align::left && widths[i] > kNarrowest &&
          (widest == widths.size() || widths[i] > widths[widest])) {
        widest = i;
      }
    }
    if (widest == widths.size()) return;
    --widths[widest];
    --total;
  }
}

std::string line_of(const std::vector<std::string>& cells, const std::vector<Column>& columns,
                    const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) line += kGap;
    const std::string text = cut(cells.at(i), widths[i]);
    const std::string padding(widths[i] - std::min(widths[i], characters(text)), ' ');
    line += columns[i].align == Align::right ? padding + text : text + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

}  // namespace

std::string text_table(const std::vector<Column>& columns, const std::vector<std::vector<std::string>>& rows,
                       std::size_t width) {
  std::vector<std::string> titles;
  std::vector<std::size_t> widths;
  for (const auto& column : columns) {
    titles.push_back(column.title);
    widths.push_back(characters(column.title));
  }
  std::vector<std::vector<std::string>> safe;
  for (const auto& row : rows) {
    auto& cells = safe.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      cells.push_back(shown(row.at(i)));
      widths[i] = std::max(widths[i], characters(cells.back()));
    }
  }
  if (width > 0) fit(widths, columns, width);
  std::string text = line_of(titles, columns, widths);
  for (const auto& cells : safe) text += line_of(cells, columns, widths);
  return text;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  const std::string margin(indent, ' ');
  std::string out;
  std::string line;
  for (const auto word : split(text, ' ')) {
    if (!line.empty() && width > 0 && indent + characters(line) + 1 + characters(word) > width) {
      out += margin + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + shown(word);
  }
  return out + margin + line + "\n";
}

std::size_t terminal_width() {
  winsize size{};
  if (isatty(STDOUT_FILENO) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

}  // namespace larder::admin
