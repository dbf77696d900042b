// SPDX-License-Identifier: MIT
#include "updates/hosts.h"

#include <catch2/catch.hpp>
#include <set>
#include <string>

using namespace larder::updates;

TEST_CASE("a built-in host is found by its exact name") {
  const Host* host = find_host("swcdn.apple.com");
  REQUIRE(host != nullptr);
  CHECK(host->vendor == Vendor::apple);
  CHECK(find_host("res.public.onecdn.static.microsoft")->vendor == Vendor::microsoft);
  CHECK(find_host("gdmf.apple.com")->schemes == Schemes::https_only);
}

TEST_CASE("a domain covers itself and every host below it") {
  for (const auto* name : {"itunes.apple.com", "iosapps.itunes.apple.com", "a.b.itunes.apple.com"}) {
    INFO(name);
    REQUIRE(find_host(name) != nullptr);
    CHECK(find_host(name)->vendor == Vendor::apple);
  }
  CHECK(find_host("tlu.dl.delivery.mp.microsoft.com")->vendor == Vendor::windows);
  CHECK(find_host("msedge.sf.dl.delivery.mp.microsoft.com")->vendor == Vendor::microsoft);
}

TEST_CASE("a name that only ends or begins like a known host is unknown") {
  for (const auto* name : {"evil-swcdn.apple.com", "swcdn.apple.com.evil.example", "xitunes.apple.com", "apple.com", "",
                           ".", "x.swcdn.apple.com", "SWCDN.apple.com"}) {
    INFO(name);
    CHECK(find_host(name) == nullptr);
  }
}

TEST_CASE("control and telemetry endpoints are not among the hosts") {
  for (const auto* name : {"officeci-mauservice.azurewebsites.net", "config.teams.microsoft.com", "xp.apple.com",
                           "gs.apple.com", "kv501.prod.do.dsp.mp.microsoft.com", "lcdn-locator.apple.com"}) {
    INFO(name);
    CHECK(find_host(name) == nullptr);
  }
}

TEST_CASE("each host stands in the table once, in lower case") {
  std::set<std::string_view> seen;
  for (const Host& host : built_in_hosts()) {
    INFO(host.name);
    CHECK(seen.insert(host.name).second);
    for (const char c : host.name) CHECK((c < 'A' || c > 'Z'));
    CHECK(find_host(host.name.front() == '.' ? host.name.substr(1) : host.name) == &host);
  }
}
