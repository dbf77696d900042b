// SPDX-License-Identifier: MIT
#include "config/keys.h"

#include <algorithm>

#include "base/text.h"
#include "config/key_tables.h"

namespace larder::config {

std::span<const Key> keys() {
  static const std::vector<Key> all = [] {
    std::vector<Key> both(client_keys().begin(), client_keys().end());
    both.insert(both.end(), content_keys().begin(), content_keys().end());
    return both;
  }();
  return all;
}

const Key* find_key(std::string_view name) {
  const auto all = keys();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Key& key) { return key.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string_view nearest_key(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  std::vector<std::string_view> names;
  for (const Key& key : keys()) {
    if (key.name.substr(key.name.rfind('.') + 1) == last) return key.name;  // right key, wrong table
    names.push_back(key.name);
  }
  return nearest(name, names);
}

std::vector<std::string_view> table_names() {
  std::vector<std::string_view> names;
  for (const Key& key : keys()) {
    const auto table = key.name.substr(0, key.name.rfind('.'));
    if (std::find(names.begin(), names.end(), table) == names.end()) names.push_back(table);
  }
  return names;
}

bool can_be_many(std::string_view table) {
  const auto all = keys();
  return std::any_of(all.begin(), all.end(),
                     [&](const Key& key) { return key.of_many() && key.name.substr(0, key.name.rfind('.')) == table; });
}

std::string_view to_string(Reload reload) {
  return reload == Reload::live ? "reload" : "restart";
}

}  // namespace larder::config
