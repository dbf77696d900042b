// SPDX-License-Identifier: MIT
// Document: a TOML file flattened to what configuration can hold: values by dotted name, each with its line. It knows
// TOML but no key; what the names may be and mean is keys.h. The only place that sees the TOML library.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/problems.h"

namespace larder::config {

// Bytes of a configuration file: 3,000 networks fit. Over it: refused.
inline constexpr std::size_t kFileBytes = 64 * 1024;

struct Value {
  std::uint32_t line = 0;
  // Text, number, truth, list; monostate: a kind no key takes (a date, a fraction, a table in a list of texts).
  std::variant<std::monostate, std::string, std::int64_t, bool, std::vector<Value>> data;
};

struct Entry {
  std::string name;  // "storage.path"; inside [[origins.host]]: "origins.host.name"
  std::uint32_t line = 0;
  Value value;
};

// One [[table]] of a list of tables.
struct Item {
  std::string name;  // "origins.host"
  std::uint32_t line = 0;
  std::vector<Entry> entries;
};

struct Table {
  std::string name;
  std::uint32_t line = 0;
};

struct Document {
  std::vector<Entry> entries;
  std::vector<Item> items;
  std::vector<Table> tables;

  // The line of a key, 0 when the file does not have it.
  std::uint32_t line_of(std::string_view name) const;
};

// A document as far as it can be read; what is wrong with its syntax goes to `problems`.
Document parse_document(std::string_view toml, Problems& problems);

}  // namespace larder::config
