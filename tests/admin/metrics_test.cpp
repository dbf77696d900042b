// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>
#include <set>
#include <sstream>

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
      CHECK((name.starts_with("larder_") || name.starts_with("process_")));
    } else if (line.starts_with("# TYPE ")) {
      std::string type;
      words >> hash >> kind >> name >> type;
      INFO(name);
      CHECK((type == "counter") == name.ends_with("_total"));
    } else {
      CHECK(line.starts_with(name));
    }
  }
  CHECK(helped.size() > 30);
}
