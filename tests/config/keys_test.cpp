// SPDX-License-Identifier: MIT
#include "config/keys.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "config/load.h"

using namespace larder::config;

TEST_CASE("every key says what it is, means and looks like") {
  std::set<std::string_view> names;
  for (const Key& key : keys()) {
    INFO(key.name);
    CHECK(names.insert(key.name).second);
    CHECK_FALSE(key.type.empty());
    CHECK_FALSE(key.example.empty());
    CHECK(key.meaning.ends_with('.'));
    CHECK((key.set != nullptr) + (key.set_host != nullptr) + (key.set_window != nullptr) + (key.set_hook != nullptr) ==
          1);
    CHECK(key.of_many() == can_be_many(key.name.substr(0, key.name.rfind('.'))));
    CHECK(key.show != nullptr);
    CHECK(find_key(key.name) == &key);
  }
  CHECK(find_key("storage.nothing") == nullptr);
}

TEST_CASE("a key's default in the table is the configuration's default") {
  const auto loaded = load_text("", "empty.toml");
  REQUIRE(loaded.config != nullptr);
  for (const Key& key : keys()) {
    INFO(key.name);
    if (key.set != nullptr) CHECK(key.show(*loaded.config) == key.default_text);
  }
}

TEST_CASE("the defaults of the types are those of the table") {
  const Config built_in;
  const auto loaded = load_text("", "empty.toml");
  REQUIRE(loaded.config != nullptr);
  for (const Key& key : keys()) {
    INFO(key.name);
    const bool lives_in_table_only =
        key.name.starts_with("listen.") || key.name == "storage.path" || key.name == "access.clients";
    if (!lives_in_table_only) CHECK(key.show(built_in) == key.show(*loaded.config));
  }
}

TEST_CASE("what a key shows can be written into the file again") {
  for (const Key& key : keys()) {
    if (key.set == nullptr) continue;
    // The examples name files that are not there, so problems may come, but none about how the value is written.
    const auto loaded = load_text(std::string(key.name) + " = " + std::string(key.example), "example.toml");
    for (const auto& problem : loaded.problems) {
      INFO(problem.text());
      CHECK((problem.message.find("cannot be read") != std::string::npos || key.name == "listen.tls" ||
             key.name == "access.read_token_file" || key.name == "log.access" || key.name.starts_with("tls.")));
    }
    if (loaded.config == nullptr) continue;
    const std::string shown = key.show(*loaded.config);
    INFO(shown);
    const auto again = load_text(std::string(key.name) + " = " + shown, "again.toml");
    REQUIRE(again.config != nullptr);
    CHECK(key.show(*again.config) == shown);
  }
}

TEST_CASE("a proxy's password is not shown") {
  const auto loaded = load_text(R"(origins.proxy = "http://larder:s3cret@proxy.example.org:3128")", "x.toml");
  REQUIRE(loaded.config != nullptr);
  CHECK(loaded.config->origins.proxy == "http://larder:s3cret@proxy.example.org:3128");
  CHECK(find_key("origins.proxy")->show(*loaded.config) == R"("http://***@proxy.example.org:3128")");
}
