// SPDX-License-Identifier: MIT
// The one table of what larder.toml can say. Validation, defaults, `larder config explain`, /api/v1/config and what a
// reload applies all come from it; the example file is held to it by a test.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace larder::config {

struct Value;
class KeyProblems;

enum class Reload { live, restart };  // what a changed value needs to take effect

struct Key {
  std::string_view name;          // "storage.cache_size"; "origins.host.name" inside [[origins.host]]
  std::string_view type;          // for people: "size", "list of networks"
  std::string_view default_text;  // as TOML writes it; "" where there is none
  std::string_view example;       // as TOML writes it
  std::string_view meaning;       // one or more sentences
  Reload reload;

  // Puts a value of the file into place; says what is wrong with it instead. One of the four (set_window, set_hook) is
  // set.
  void (*set)(Config&, const Value&, KeyProblems&);
  void (*set_host)(OriginHost&, const Value&, KeyProblems&);
  // The value as TOML writes it; of a table that there can be several of, the list of all their values.
  std::string (*show)(const Config&);
  void (*set_window)(RateWindow&, const Value&, KeyProblems&) = nullptr;
  void (*set_hook)(Webhook&, const Value&, KeyProblems&) = nullptr;

  // Stands in a table that there can be several of: [[origins.host]], [[rates.window]], [[webhooks.hook]].
  bool of_many() const { return set == nullptr; }
};

// In the order of the example file.
std::span<const Key> keys();

// Null when there is no such key.
const Key* find_key(std::string_view name);

// The known name nearest to a mistyped one; "" when none is near.
std::string_view nearest_key(std::string_view name);

// "storage", "origins", "origins.host": the tables keys stand in, in order.
std::vector<std::string_view> table_names();

// Whether there can be several of a table: [[origins.host]].
bool can_be_many(std::string_view table);

std::string_view to_string(Reload reload);

}  // namespace larder::config
