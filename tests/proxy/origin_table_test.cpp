// SPDX-License-Identifier: MIT
#include "proxy/origin_table.h"

#include <catch2/catch.hpp>

using larder::config::OriginHost;
using larder::config::OriginsConfig;
using larder::proxy::OriginTable;

namespace {

OriginHost host(std::string name, std::optional<std::uint16_t> port = {}) {
  OriginHost entry;
  entry.name = std::move(name);
  entry.port = port;
  return entry;
}

}  // namespace

TEST_CASE("built-in hosts are found on the two default ports only") {
  const OriginTable table{OriginsConfig{}};
  const auto* rule = table.find("swcdn.apple.com", 80);
  REQUIRE(rule != nullptr);
  CHECK(rule->vendor == "apple");
  CHECK(table.find("swcdn.apple.com", 443) == rule);
  CHECK(table.find("swcdn.apple.com", 8080) == nullptr);
  CHECK(table.find("swcdn.apple.com", 22) == nullptr);
  CHECK(table.names("swcdn.apple.com"));
  REQUIRE(table.find("res.public.onecdn.static.microsoft", 443) != nullptr);
  CHECK(table.find("res.public.onecdn.static.microsoft", 443)->vendor == "microsoft");
}

TEST_CASE("names of updates count on the vendors' hosts, and on others when the configuration says so") {
  OriginsConfig origins;
  origins.hosts = {host("a.example"), host("b.example"), host("swcdn.apple.com"), host("swdist.apple.com")};
  origins.hosts[1].cache = "updates";
  origins.hosts[3].cache = "standard";
  const OriginTable table{origins};
  CHECK_FALSE(table.find("a.example", 80)->knows_updates);
  CHECK(table.find("b.example", 80)->knows_updates);
  CHECK(table.find("swcdn.apple.com", 80)->knows_updates);
  CHECK(table.find("oscdn.apple.com", 80)->knows_updates);
  CHECK_FALSE(table.find("swdist.apple.com", 80)->knows_updates);
}

TEST_CASE("a domain entry covers the domain and what is below it, and nothing that merely ends alike") {
  OriginsConfig origins;
  origins.vendors.clear();
  origins.hosts = {host(".cdn.example")};
  const OriginTable table{origins};
  CHECK(table.find("a.cdn.example", 80) != nullptr);
  CHECK(table.find("b.a.cdn.example", 80) != nullptr);
  CHECK(table.find("cdn.example", 80) != nullptr);
  CHECK(table.find("evilcdn.example", 80) == nullptr);
  CHECK(table.find("example", 80) == nullptr);
  CHECK(table.find("cdn.example.org", 80) == nullptr);
  CHECK(table.find("", 80) == nullptr);
  CHECK(table.find(".cdn.example", 80) == nullptr);
}

TEST_CASE("hosts of vendors that are not wanted are not origins") {
  OriginsConfig origins;
  origins.vendors = {"apple"};
  const OriginTable table{origins};
  CHECK(table.find("swcdn.apple.com", 80) != nullptr);
  CHECK(table.find("res.public.onecdn.static.microsoft", 443) == nullptr);
}

TEST_CASE("the configuration changes built-in hosts and adds others") {
  OriginsConfig origins;
  auto changed = host("swcdn.apple.com");
  changed.connect_to = larder::config::Endpoint{"127.0.0.1", 9443};
  changed.scheme = "http";
  changed.ca_file = "/etc/ca.pem";
  origins.hosts = {changed, host("files.example", 8080)};
  const OriginTable table{origins};
  const auto* rule = table.find("swcdn.apple.com", 443);
  REQUIRE(rule != nullptr);
  CHECK(rule->vendor == "apple");
  CHECK(rule->connect_to == changed.connect_to);
  CHECK(rule->scheme == "http");
  CHECK(rule->ca_file == "/etc/ca.pem");
  CHECK(table.find("files.example", 80) == nullptr);
  REQUIRE(table.find("files.example", 8080) != nullptr);
  CHECK(table.find("files.example", 8080)->vendor == "configured");
  CHECK(table.names("files.example"));
}

TEST_CASE("the most exact entry wins: port before no port, host before domain, long domain before short") {
  OriginsConfig origins;
  origins.vendors.clear();
  origins.hosts = {host(".example"), host(".b.example"), host("a.b.example"), host("a.b.example", 443),
                   host("a.b.example", 9000)};
  const OriginTable table{origins};
  CHECK(table.find("x.example", 80)->name == ".example");
  CHECK(table.find("x.b.example", 80)->name == ".b.example");
  CHECK_FALSE(table.find("a.b.example", 80)->port.has_value());
  CHECK(table.find("a.b.example", 443)->port == 443);
  CHECK(table.find("a.b.example", 9000)->port == 9000);
  CHECK(table.find("a.b.example", 9001) == nullptr);
  CHECK(table.size() == 5);
}

TEST_CASE("a port added to a built-in host leaves its default ports as they were") {
  OriginsConfig origins;
  origins.hosts = {host("swcdn.apple.com", 9000)};
  const OriginTable table{origins};
  CHECK(table.find("swcdn.apple.com", 9000) != nullptr);
  CHECK(table.find("swcdn.apple.com", 80) != nullptr);
}

TEST_CASE("addresses are origins only when the configuration names them") {
  CHECK(OriginTable{OriginsConfig{}}.find("127.0.0.1", 80) == nullptr);
  OriginsConfig origins;
  origins.hosts = {host("127.0.0.1", 9000)};
  CHECK(OriginTable{origins}.find("127.0.0.1", 9000) != nullptr);
}
