// SPDX-License-Identifier: MIT
#include "proxy/origin_health.h"
#include "proxy/origin_limits.h"

#include <catch2/catch.hpp>
#include <chrono>

using namespace larder;
using namespace larder::proxy;
using namespace std::chrono_literals;
using Failure = OriginHealth::Failure;

namespace {

const std::string kName = "cdn.example:443";

struct Watched {
  ManualClock clock{WallTime(1'700'000'000s)};
  Counters counters;
  OriginHealth health{clock, counters};

  void fail(int times, Failure failure = Failure::unreachable) {
    for (int i = 0; i < times; ++i) health.failed(kName, failure, "connection refused");
  }
  bool may_ask() { return health.may_ask(kName).has_value(); }
};

OriginAnswer with_retry_after(std::string value) {
  OriginAnswer answer;
  answer.status = 503;
  answer.received = {{"Date", "x"}, {"retry-after", std::move(value)}};
  return answer;
}

}  // namespace

TEST_CASE("an origin that cannot be reached five times in a row is left alone") {
  Watched w;
  w.fail(4);
  CHECK(w.may_ask());
  w.fail(1);
  const auto refused = w.health.may_ask(kName);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == ErrorKind::busy);
  CHECK(refused.error().message.find("connection refused") != std::string::npos);
  CHECK(w.health.may_ask("other.example:443"));
  CHECK(w.counters.origin_circuits_opened.value() == 1);
  CHECK(w.counters.origin_unasked.value() == 1);
}

TEST_CASE("an answer between failures keeps the circuit closed") {
  Watched w;
  for (int i = 0; i < 20; ++i) {
    w.fail(4);
    w.health.answered(kName);
  }
  CHECK(w.may_ask());
  CHECK(w.health.at_rest().empty());
}

TEST_CASE("an origin that breaks off before its head is given more patience") {
  Watched w;
  w.fail(19, Failure::speechless);
  CHECK(w.may_ask());
  w.fail(1, Failure::speechless);
  CHECK_FALSE(w.may_ask());
}

TEST_CASE("failures that are minutes apart say nothing together") {
  Watched w;
  for (int i = 0; i < 20; ++i) {
    w.fail(1);
    w.clock.advance(61s);
  }
  CHECK(w.may_ask());
}

TEST_CASE("one probe at a time finds out whether the origin is back") {
  Watched w;
  w.fail(5);
  w.clock.advance(limits::kRestLeast * 2);
  CHECK(w.may_ask());
  CHECK_FALSE(w.may_ask());
  w.health.answered(kName);
  CHECK(w.may_ask());
  CHECK(w.may_ask());
  CHECK(w.health.at_rest().empty());
}

TEST_CASE("a probe that fails doubles the rest, up to its limit") {
  Watched w;
  w.fail(5);
  auto before = 0s;
  for (int i = 0; i < 10; ++i) {
    const auto rest = w.health.at_rest().at(0).next_try;
    CHECK(rest <= limits::kRestMost + 3s);
    if (i > 0 && i < 4) CHECK(rest + 1s > before);
    before = rest;
    w.clock.advance(rest);
    REQUIRE(w.may_ask());
    w.fail(1);
  }
  CHECK(before >= limits::kRestMost - 3s);
  CHECK(w.counters.origin_circuits_opened.value() == 1);
}

TEST_CASE("a probe whose client leaves, or that never ends, makes room for the next") {
  Watched w;
  w.fail(5);
  w.clock.advance(2s);
  CHECK(w.may_ask());
  w.health.abandoned(kName);
  CHECK(w.may_ask());
  CHECK_FALSE(w.may_ask());
  w.clock.advance(20s);
  CHECK(w.may_ask());
}

TEST_CASE("how long an origin is left alone yet is told from the first refusal to its probe") {
  Watched w;
  w.fail(5);
  CHECK((w.health.rest_left(kName) >= 1s && w.health.rest_left(kName) <= 2s));
  w.clock.advance(2s);
  CHECK(w.health.rest_left(kName) == 0s);
  CHECK(w.may_ask());
  CHECK(w.health.rest_left(kName) == 1s);  // the probe is under way
  w.health.answered(kName);
  CHECK(w.health.rest_left(kName) == 0s);
}

TEST_CASE("what fails while the circuit is open adds nothing") {
  Watched w;
  w.fail(50);
  CHECK(w.health.at_rest().at(0).next_try <= 2s);
}

TEST_CASE("an origin that asks for a rest gets it") {
  Watched w;
  w.health.rest(kName, 5s, "429");
  CHECK(w.health.left_alone(kName));
  CHECK_FALSE(w.may_ask());
  REQUIRE(w.health.at_rest().size() == 1);
  CHECK(w.health.at_rest()[0].why == "429");
  CHECK(w.health.rest_left(kName) == 5s);
  CHECK(w.health.rest_left("other.example:443") == 0s);
  w.clock.advance(6s);
  CHECK_FALSE(w.health.left_alone(kName));
  CHECK(w.health.rest_left(kName) == 0s);
  CHECK(w.may_ask());
  CHECK(w.may_ask());
  CHECK(w.health.at_rest().empty());
}

TEST_CASE("retries are earned by requests and spent one by one") {
  Watched w;
  for (int i = 0; i < static_cast<int>(limits::kRetriesSaved); ++i) CHECK(w.health.may_retry(kName));
  CHECK_FALSE(w.health.may_retry(kName));
  for (int i = 0; i < static_cast<int>(limits::kRetriesSaved); ++i) CHECK(w.may_ask());  // the retries themselves
  for (int i = 0; i < 4; ++i) CHECK(w.may_ask());
  CHECK_FALSE(w.health.may_retry(kName));
  for (int i = 0; i < 2; ++i) CHECK(w.may_ask());
  CHECK(w.health.may_retry(kName));
  CHECK_FALSE(w.health.may_retry(kName));
  CHECK(w.health.may_retry("other.example:443"));
}

TEST_CASE("the number of watched origins is bounded, and those at rest are kept") {
  Watched w;
  w.fail(5);
  for (int i = 0; i < 5000; ++i) CHECK(w.health.may_ask("host" + std::to_string(i) + ".example:80"));
  CHECK_FALSE(w.may_ask());
}

TEST_CASE("Retry-After is seconds or a date") {
  const WallTime now{std::chrono::seconds(784'111'777)};  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(retry_after(with_retry_after("7"), now) == 7s);
  CHECK(retry_after(with_retry_after("0"), now) == 0s);
  CHECK(retry_after(with_retry_after("Sun, 06 Nov 1994 08:49:47 GMT"), now) == 10s);
  CHECK(retry_after(with_retry_after("Sun, 06 Nov 1994 08:49:27 GMT"), now) == 0s);
  CHECK(retry_after(with_retry_after("99999999"), now) == limits::kRetryAfterMost);
  CHECK(retry_after(with_retry_after("99999999999999999999"), now) == limits::kRetryAfterMost);
  CHECK_FALSE(retry_after(with_retry_after("soon"), now));
  CHECK_FALSE(retry_after(with_retry_after("-1"), now));
  CHECK_FALSE(retry_after(OriginAnswer{}, now));
}
