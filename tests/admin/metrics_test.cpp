// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <set>
#include <sstream>

#include "admin/releases.h"
#include "site.h"

using namespace larder;
using namespace larder::admin;

TEST_CASE("metrics show what is counted, in Prometheus' text format") {
  Site site;
  site.live.counters.requests_hit = 12;
  site.live.counters.bytes_sent = 5'000'000'000;
  site.store.current.full = true;
  const Answer answer = site.get("/metrics");
  CHECK(answer.field("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK_THAT(answer.body, Catch::Contains("\nlarder_requests_total{answered=\"hit\"} 12\n"));
  CHECK_THAT(answer.body, Catch::Contains("\nlarder_sent_bytes_total 5000000000\n"));
  CHECK_THAT(answer.body, Catch::Contains("\nlarder_store_full 1\n"));
  CHECK_THAT(answer.body, Catch::Contains("larder_build_info{version=\"0.1.0\"} 1\n"));
}

TEST_CASE("metric names follow the conventions and each has one help line") {
  Site site;
  std::istringstream lines(site.get("/metrics").body);
  std::set<std::string> helped;
  std::string name;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash;
    std::string kind;
    if (line.starts_with("# HELP ")) {
      words >> hash >> kind >> name;
      INFO(name);
      CHECK(helped.insert(name).second);
      CHECK((name.starts_with("larder_") || name.starts_with("process_") || name.starts_with("assetcache_")));
    } else if (line.starts_with("# TYPE ")) {
      std::string type;
      words >> hash >> kind >> name >> type;
      INFO(name);
      // The names of other exporters are as they are.
      CHECK(((type == "counter") == name.ends_with("_total") || name.starts_with("assetcache_")));
    } else {
      CHECK(line.starts_with(name));
    }
  }
  CHECK(helped.size() > 30);
}

TEST_CASE("the names of exporters for content caching carry Larder's own numbers") {
  Site site;
  site.live.started = WallTime(std::chrono::seconds(1'786'900'000));
  site.live.counters.bytes_sent = 9'000;
  site.live.counters.bytes_from_origin = 4'000;
  site.live.counters.bytes_sent_beside = 700;
  site.store.current.bytes_held = 300;
  site.store.current.bytes_limit = 1'000;
  const std::string body = site.get("/metrics").body;
  CHECK_THAT(body, Catch::Contains("\nlarder_sent_error_bytes_total 700\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_active 1\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_ok 1\n"));
  for (const auto* used :
       {"assetcache_cache_used_bytes", "assetcache_bytes_used_sum", "assetcache_bytes_used_actual"}) {
    CHECK_THAT(body, Catch::Contains("\n" + std::string(used) + " 300\n"));
  }
  CHECK_THAT(body, Catch::Contains("\nassetcache_cache_limit_bytes 1000\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_bytes_limit 1000\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_cache_free_bytes 700\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_bytes_free 700\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_served_bytes_total{destination=\"clients\"} 9000\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_bytes_served{to=\"clients\"} 9000\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_stored_bytes_total{source=\"origin\"} 4000\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_bytes_stored{from=\"origin\"} 4000\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_start_time_seconds 1786900000\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_totals_start_timestamp_seconds 1786900000\n"));
}

TEST_CASE("a store that is full or broken, and a Larder that serves nobody, are told by others' names too") {
  Site site;
  site.ready = false;
  SECTION("full") {
    site.store.current.full = true;
  }
  SECTION("broken") {
    site.store.current.broken = "the disk is gone";
  }
  const std::string body = site.get("/metrics").body;
  CHECK_THAT(body, Catch::Contains("\nassetcache_active 0\n"));
  CHECK_THAT(body, Catch::Contains("\nassetcache_ok 0\n"));
}

TEST_CASE("a manifest is stale when devices ask for it and the origin has not confirmed it for two days") {
  using std::chrono::hours;
  const WallTime now(std::chrono::seconds(1'786'979'045));
  proxy::MauState state;
  state.asked = now - hours(1);
  state.confirmed = now - hours(47);
  CHECK_FALSE(is_unconfirmed(state, now));
  state.confirmed = now - hours(49);
  CHECK(is_unconfirmed(state, now));
  state.asked = now - hours(49);  // nobody wants it any more
  CHECK_FALSE(is_unconfirmed(state, now));
}
