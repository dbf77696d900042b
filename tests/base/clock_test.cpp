// SPDX-License-Identifier: MIT
#include "base/clock.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <clocale>

using namespace std::chrono_literals;
using larder::ManualClock;
using larder::WallTime;

namespace {

WallTime at(std::chrono::seconds since_epoch) {
  return WallTime(since_epoch);
}

}  // namespace

TEST_CASE("a manual clock moves only when told") {
  ManualClock clock(at(1000s));
  const auto before = clock.steady();
  CHECK(clock.now() == at(1000s));
  CHECK(clock.now() == at(1000s));
  clock.advance(1500ms);
  CHECK(clock.now() - at(1000s) == 1500ms);
  CHECK(clock.steady() - before == 1500ms);
}

TEST_CASE("the system clock goes forward") {
  const larder::SystemClock clock;
  const auto wall = clock.now();
  const auto steady = clock.steady();
  CHECK(wall > at(1'700'000'000s));
  CHECK(clock.steady() >= steady);
}

TEST_CASE("times are written as RFC 3339 in UTC, whole seconds, rounded down") {
  CHECK(larder::to_rfc3339(at(0s)) == "1970-01-01T00:00:00Z");
  CHECK(larder::to_rfc3339(at(1'786'979'045s)) == "2026-08-17T15:04:05Z");
  CHECK(larder::to_rfc3339(at(1'786'979'045s) + 999999us) == "2026-08-17T15:04:05Z");
  CHECK(larder::to_rfc3339(at(951'782'400s)) == "2000-02-29T00:00:00Z");
}

TEST_CASE("HTTP dates name the day and are in GMT") {
  CHECK(larder::to_http_date(at(784'111'777s)) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(larder::to_http_date(at(1'786'979'045s)) == "Mon, 17 Aug 2026 15:04:05 GMT");
}
