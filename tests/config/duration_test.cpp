// SPDX-License-Identifier: MIT
#include "config/duration.h"

#include <catch2/catch.hpp>

using namespace larder::config;
using namespace std::chrono_literals;

TEST_CASE("a span of time is read") {
  CHECK(*parse_duration("90s") == 90s);
  CHECK(*parse_duration("24h") == 24h);
  CHECK(*parse_duration("7d") == 168h);
  CHECK(*parse_duration("1h30m") == 90min);
  CHECK(*parse_duration("1d2h3m4s") == 26h + 3min + 4s);
  CHECK(*parse_duration("0s") == 0s);
}

TEST_CASE("what is not a span of time is refused") {
  for (const auto* text : {"", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5h", "1e3s", "0x5s", "5S", "5w", "30m1h",
                           "1h1h", "1hs", "99999999999999999999s", "36601d", "36600d1s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a span of time is written so that it reads the same") {
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(400 * 24h) == "400d");
  CHECK(format_duration(0s) == "0s");
  for (const auto span : {1s, 59s, 61s, 3600s, 86399s, 86401s, 31536000s}) {
    CHECK(*parse_duration(format_duration(span)) == span);
  }
}
