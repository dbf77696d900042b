// SPDX-License-Identifier: MIT
#include "config/load.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "config/document.h"
#include "config/keys.h"
#include "config/problems.h"
#include "config/read_value.h"
#include "config/rules.h"

namespace larder::config {
namespace {

bool is_table(std::string_view name) {
  const auto names = table_names();
  return std::any_of(names.begin(), names.end(), [&](std::string_view known) {
    return known == name || (known.starts_with(name) && known.substr(name.size()).starts_with('.'));
  });
}

void report_unknown(const Entry& entry, Problems& problems) {
  const auto near = nearest_key(entry.name);
  if (is_table(entry.name)) {
    problems.add(entry.line,
                 in_quotes(entry.name) + " is a table, not a key; write [" + entry.name + "] on its own line");
  } else if (near.empty()) {
    problems.add(entry.line,
                 "there is no key " + in_quotes(entry.name) + "; remove it (`larder config explain` lists all keys)");
  } else {
    problems.add(entry.line, "there is no key " + in_quotes(entry.name) + "; did you mean " + in_quotes(near) + "?");
  }
}

void report_unknown_table(const Table& table, Problems& problems) {
  const auto near = nearest(table.name, table_names());
  problems.add(table.line, "there is no table " + in_quotes("[" + table.name + "]") +
                               (near.empty() ? "; remove it (`larder config explain` lists all keys)"
                                             : "; did you mean " + in_quotes("[" + std::string(near) + "]") + "?"));
}

void check_tables(const Document& document, Problems& problems) {
  for (const auto& table : document.tables) {
    if (can_be_many(table.name)) {
      problems.add(table.line, "write [[" + table.name + "]], with two brackets: there can be several");
    } else if (!is_table(table.name)) {
      report_unknown_table(table, problems);
    }
  }
  for (const auto& item : document.items) {
    if (can_be_many(item.name)) continue;
    if (is_table(item.name)) {
      problems.add(item.line, "write [" + item.name + "], with single brackets: there is only one");
    } else {
      report_unknown_table(Table{item.name, item.line}, problems);
    }
  }
}

bool in_unknown_table(const std::string& name, const Document& document) {
  return std::any_of(document.tables.begin(), document.tables.end(), [&](const Table& table) {
    return name.starts_with(table.name + ".") && (!is_table(table.name) || can_be_many(table.name));
  });
}

void read_entries(const Document& document, Config& config, Problems& problems) {
  for (const auto& entry : document.entries) {
    const Key* key = find_key(entry.name);
    if (key != nullptr && key->set != nullptr) {
      KeyProblems of_key(problems, key->name);
      key->set(config, entry.value, of_key);
    } else if (!in_unknown_table(entry.name, document)) {
      report_unknown(entry, problems);
    }
  }
}

// All tables of one name, each into a thing of its own.
template <class Thing>
std::vector<Thing> read_many(const Document& document, std::string_view name, Problems& problems,
                             void (*Key::*set)(Thing&, const Value&, KeyProblems&)) {
  std::vector<Thing> things;
  for (const auto& item : document.items) {
    if (item.name != name) continue;
    Thing thing;
    for (const auto& entry : item.entries) {
      const Key* key = find_key(entry.name);
      if (key != nullptr && key->*set != nullptr) {
        KeyProblems of_key(problems, key->name);
        (key->*set)(thing, entry.value, of_key);
      } else {
        report_unknown(entry, problems);
      }
    }
    things.push_back(std::move(thing));
  }
  return things;
}

// The defaults of the table, read by the same way as a file's values.
Config defaults() {
  std::string toml;
  for (const Key& key : keys()) {
    if (key.set != nullptr) toml += std::string(key.name) + " = " + std::string(key.default_text) + "\n";
  }
  Config config;
  Problems none("defaults");
  read_entries(parse_document(toml, none), config, none);
  assert(none.count() == 0);
  return config;
}

}  // namespace

Loaded load_text(std::string_view toml, const std::string& file_name) {
  Problems problems(file_name);
  const Document document = parse_document(toml, problems);
  auto config = std::make_shared<Config>(defaults());
  if (problems.count() == 0) {
    check_tables(document, problems);
    read_entries(document, *config, problems);
    config->origins.hosts = read_many(document, "origins.host", problems, &Key::set_host);
    config->rates.windows = read_many(document, "rates.window", problems, &Key::set_window);
    config->webhooks.hooks = read_many(document, "webhooks.hook", problems, &Key::set_hook);
    check_rules(*config, document, problems);
  }
  Loaded loaded;
  loaded.problems = std::move(problems).take();
  if (loaded.problems.empty()) loaded.config = std::move(config);
  return loaded;
}

Loaded load_file(const std::filesystem::path& file) {
  const auto unreadable = [&](const std::string& why) {
    return Loaded{nullptr,
                  {Problem{file.string(), 0, "cannot be read: " + why + "; check the path given to --config"}}};
  };
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return unreadable("it is a directory");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return unreadable(std::strerror(errno));
  std::string text(kFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return unreadable(std::strerror(errno));
  text.resize(static_cast<std::size_t>(in.gcount()));
  Loaded loaded = load_text(text, file.string());
  if (loaded.config == nullptr) return loaded;
  auto named = std::make_shared<Config>(*loaded.config);
  named->file = file;
  loaded.config = std::move(named);
  return loaded;
}

}  // namespace larder::config
