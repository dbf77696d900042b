// SPDX-License-Identifier: MIT
#include "config/document.h"

#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace larder::config {
namespace {

// Deeper than any key; what lies below is named by its first levels and refused by name.
constexpr std::size_t kDepth = 4;

// Levels one line can open. The library descends once for each and would leave the stack on a hostile line.
constexpr unsigned kLevelsOfLine = 16;

// What is wrong with the text before the library may see it: its line and why.
std::optional<std::pair<std::uint32_t, std::string>> unreadable(std::string_view toml) {
  std::uint32_t line = 1;
  unsigned dots = 0;  // of this line, outside texts and comments: each a level of a dotted name
  char quote = '\0';  // the text we are in, if any; no key needs one over several lines
  bool comment = false;
  for (std::size_t i = 0; i < toml.size(); ++i) {
    const char c = toml[i];
    if (c == '\n') {
      ++line;
      dots = 0;
      quote = '\0';
      comment = false;
    } else if (quote != '\0') {
      if (c == '\\' && quote == '"' && toml.substr(i + 1, 1) != "\n") ++i;
      if (c == quote) quote = '\0';
    } else if (!comment && (c == '"' || c == '\'')) {
      if (toml.substr(i, 3) == std::string(3, c)) return std::pair(line, "texts over several lines have no use here");
      quote = c;
    } else if (!comment && c == '.' && ++dots > kLevelsOfLine) {
      return std::pair(line, "a name on this line has too many dots");
    } else if (c == '#') {
      comment = true;
    }
  }
  return std::nullopt;
}

Value to_value(const toml::node& node) {
  Value value;
  value.line = node.source().begin.line;
  if (const auto* text = node.as_string()) value.data = text->get();
  if (const auto* number = node.as_integer()) value.data = number->get();
  if (const auto* truth = node.as_boolean()) value.data = truth->get();
  if (const auto* list = node.as_array()) {
    std::vector<Value> values;
    for (const auto& element : *list) {
      // A list inside a list means nothing to any key, so it need not be followed.
      values.push_back(element.is_array() ? Value{element.source().begin.line, {}} : to_value(element));
    }
    value.data = std::move(values);
  }
  return value;
}

bool is_list_of_tables(const toml::node& node) {
  const auto* list = node.as_array();
  return list != nullptr && !list->empty() &&
         std::all_of(list->begin(), list->end(), [](const auto& element) { return element.is_table(); });
}

class Flattener {
 public:
  explicit Flattener(Document& document) : document_(document) {}

  void walk(const toml::table& table, const std::string& prefix, std::vector<Entry>& into, std::size_t depth) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      const std::uint32_t line = key.source().begin.line;
      if (const auto* inner = node.as_table(); inner != nullptr && depth < kDepth) {
        document_.tables.push_back(Table{name, line});
        walk(*inner, name + ".", into, depth + 1);
      } else if (is_list_of_tables(node) && depth < kDepth) {
        add_items(*node.as_array(), name, depth);
      } else {
        into.push_back(Entry{name, line, to_value(node)});
      }
    }
  }

 private:
  void add_items(const toml::array& list, const std::string& name, std::size_t depth) {
    for (const auto& element : list) {
      Item item{name, element.source().begin.line, {}};
      walk(*element.as_table(), name + ".", item.entries, depth + 1);
      document_.items.push_back(std::move(item));
    }
  }

  Document& document_;
};

}  // namespace

std::uint32_t Document::line_of(std::string_view name) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const auto& entry) { return entry.name == name; });
  return found == entries.end() ? 0 : found->line;
}

Document parse_document(std::string_view toml, Problems& problems) {
  Document document;
  if (toml.size() > kFileBytes) {
    problems.add(0, "the file is larger than " + std::to_string(kFileBytes) +
                        " bytes; a configuration is a few kilobytes: is this the right file?");
    return document;
  }
  if (const auto found = unreadable(toml)) {
    problems.add(found->first, found->second + "; correct this line");
    return document;
  }
  try {
    const toml::table root = toml::parse(toml);
    Flattener(document).walk(root, "", document.entries, 1);
  } catch (const toml::parse_error& error) {
    problems.add(error.source().begin.line, "this is not valid TOML: " + std::string(error.description()) +
                                                "; correct this line, further problems show once the file can be read");
  }
  return document;
}

}  // namespace larder::config
