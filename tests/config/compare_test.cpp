// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "config/load.h"

using namespace larder::config;

namespace {

Changes between(const char* before, const char* after) {
  const auto first = load_text(before, "before.toml");
  const auto second = load_text(after, "after.toml");
  REQUIRE(first.config != nullptr);
  REQUIRE(second.config != nullptr);
  return compare(*first.config, *second.config);
}

}  // namespace

TEST_CASE("nothing differs between equal configurations, however they are written") {
  const Changes changes = between("", "[storage]\ncache_size = \"204800 MiB\"\n[ledger]\nretention = \"9600h\"\n");
  CHECK(changes.applied.empty());
  CHECK(changes.need_restart.empty());
}

TEST_CASE("a reload applies some keys and a restart is needed for others") {
  const Changes changes = between("", R"(
access.clients = ["10.0.0.0/8"]
storage.cache_size = "1 GiB"
storage.path = "/srv/larder"
listen.http = ["0.0.0.0:80"]
log.level = "debug"
)");
  CHECK(changes.applied == std::vector<std::string>{"storage.cache_size", "access.clients", "log.level"});
  CHECK(changes.need_restart == std::vector<std::string>{"listen.http", "storage.path"});
}

TEST_CASE("a changed origin host and a changed proxy password are noticed") {
  CHECK(between("", "[[origins.host]]\nname = \"a.example.org\"").need_restart ==
        std::vector<std::string>{"origins.host"});
  CHECK(between("[[origins.host]]\nname = \"a.example.org\"",
                "[[origins.host]]\nname = \"a.example.org\"\nconnect_to = \"10.0.0.1:80\"")
            .need_restart == std::vector<std::string>{"origins.host"});
  CHECK(between("origins.proxy = \"http://u:a@p:1\"", "origins.proxy = \"http://u:b@p:1\"").need_restart ==
        std::vector<std::string>{"origins.proxy"});
}
