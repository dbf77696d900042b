// SPDX-License-Identifier: MIT
// The commented example file is the manual: it names every key, with its default, and loads.
#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "config/keys.h"
#include "config/load.h"

using namespace larder::config;

namespace {

std::string example() {
  std::stringstream text;
  text << std::ifstream(LARDER_EXAMPLE).rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

// Names of the keys the text sets, lines switched off with '#' included.
std::set<std::string> named_keys(const std::string& text) {
  std::set<std::string> names;
  std::istringstream lines(text);
  std::string table;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) line.erase(0, 1);
    if (line.starts_with('[')) {
      const auto first = line.find_first_not_of('[');
      table = line.substr(first, line.find(']') - first);
    } else if (const auto equals = line.find(" = "); equals != std::string::npos && line.find(' ') == equals) {
      names.insert(table + "." + line.substr(0, equals));
    }
  }
  return names;
}

}  // namespace

TEST_CASE("the example file names every key and no other") {
  std::set<std::string> expected;
  for (const Key& key : keys()) expected.emplace(key.name);
  CHECK(named_keys(example()) == expected);
}

TEST_CASE("the example file loads and changes no default") {
  const auto example_loaded = load_file(LARDER_EXAMPLE);
  for (const auto& problem : example_loaded.problems) UNSCOPED_INFO(problem.text());
  REQUIRE(example_loaded.config != nullptr);
  CHECK(example_loaded.config->file == LARDER_EXAMPLE);
  const auto defaults = load_text("", "empty.toml");
  const Changes changes = compare(*defaults.config, *example_loaded.config);
  CHECK(changes.applied.empty());
  CHECK(changes.need_restart.empty());
}

TEST_CASE("the example file marks the keys a reload applies") {
  std::istringstream lines(example());
  std::string table;
  bool marked = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) {
      if (line.ends_with("(reload)")) marked = true;
      continue;
    }
    if (line.starts_with('[')) table = line.substr(1, line.find(']') - 1);
    if (const auto equals = line.find(" = "); !line.starts_with('#') && equals != std::string::npos) {
      const Key* key = find_key(table + "." + line.substr(0, equals));
      INFO(line);
      REQUIRE(key != nullptr);
      CHECK(marked == (key->reload == Reload::live));
    }
    marked = false;
  }
}
