// SPDX-License-Identifier: MIT
#include <nlohmann/json.hpp>

#include "admin/show_answer.h"
#include "admin/text_table.h"
#include "config/keys.h"

namespace larder::admin {
namespace {

using config::Key;

std::string explain(const Key& key, const config::Config* config, std::size_t width) {
  std::string text = std::string(key.name) + "  (" + std::string(key.type) + ")\n";
  text += wrapped(key.meaning, 4, width);
  if (config != nullptr) text += "    value    " + key.show(*config) + "\n";
  if (!key.default_text.empty()) text += "    default  " + std::string(key.default_text) + "\n";
  text += "    example  " + std::string(key.example) + "\n";
  text += std::string("    a change ") +
          (key.reload == config::Reload::live ? "is applied by a reload" : "needs a restart") + "\n";
  return text;
}

}  // namespace

std::string explain_keys(std::string_view only, const config::Config* config, std::size_t width) {
  std::string text;
  for (const Key& key : config::keys()) {
    if (!only.empty() && key.name != only) continue;
    text += (text.empty() ? "" : "\n") + explain(key, config, width);
  }
  return text;
}

std::string explain_keys_json(std::string_view only, const config::Config* config) {
  nlohmann::ordered_json items = nlohmann::ordered_json::array();
  for (const Key& key : config::keys()) {
    if (!only.empty() && key.name != only) continue;
    nlohmann::ordered_json item{{"key", key.name}, {"type", key.type}};
    if (config != nullptr) item["value"] = key.show(*config);
    item["default"] = key.default_text;
    item["example"] = key.example;
    item["meaning"] = key.meaning;
    item["applies"] = config::to_string(key.reload);
    items.push_back(std::move(item));
  }
  return nlohmann::ordered_json{{"items", items}, {"next_cursor", nullptr}}.dump() + "\n";
}

}  // namespace larder::admin
