// SPDX-License-Identifier: MIT
#include "cache/freshness.h"

#include <catch2/catch.hpp>
#include <string>

using namespace larder::cache;
using namespace std::chrono_literals;
using larder::WallTime;
using std::chrono::seconds;

namespace {

constexpr const char* kNow = "Mon, 02 Mar 2026 10:00:00 GMT";

WallTime now() {
  return parse_http_date(kNow).value();
}

std::optional<Freshness> freshness(const Fields& fields, NameClass name = NameClass::ordinary, int status = 200,
                                   bool authorization = false) {
  return freshness_of(fields, status, name, authorization, now(), now());
}

std::optional<Freshness> controlled(const std::string& cache_control, NameClass name = NameClass::ordinary) {
  return freshness({{"Cache-Control", cache_control}}, name);
}

}  // namespace

TEST_CASE("HTTP dates are read in their three forms") {
  const WallTime time{seconds(784111777)};
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == time);
  CHECK(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == time);
  CHECK(parse_http_date("Sun Nov  6 08:49:37 1994") == time);
  CHECK(parse_http_date(" Sun, 06 Nov 1994 08:49:37 GMT ") == time);
  CHECK(parse_http_date("Thu, 29 Feb 2024 23:59:60 GMT").has_value());
  CHECK(parse_http_date("Monday, 02-Mar-26 10:00:00 GMT") == now());
  for (const auto* wrong :
       {"", "0", "-1", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 30 Feb 2025 00:00:00 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT", "Xxx, 06 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT x", "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov +994 08:49:37 GMT"}) {
    INFO(wrong);
    CHECK_FALSE(parse_http_date(wrong).has_value());
  }
}

TEST_CASE("lifetime comes from s-maxage, then max-age, then Expires, then the last change") {
  CHECK(controlled("max-age=60, s-maxage=30")->lifetime == 30s);
  CHECK(controlled("max-age=60")->lifetime == 60s);
  CHECK(controlled("Max-Age=\"60\"")->lifetime == 60s);
  CHECK(freshness({{"cache-control", "max-age=60"}, {"Expires", "Mon, 02 Mar 2026 10:02:00 GMT"}})->lifetime == 60s);
  CHECK(freshness({{"Date", kNow}, {"Expires", "Mon, 02 Mar 2026 10:02:00 GMT"}})->lifetime == 120s);
  CHECK(freshness({{"Expires", "Mon, 02 Mar 2026 10:02:00 GMT"}})->lifetime == 120s);
  CHECK(freshness({{"Expires", "0"}, {"Last-Modified", "Sun, 01 Mar 2026 10:00:00 GMT"}})->lifetime == 0s);
  CHECK(freshness({{"Expires", "Sun, 01 Mar 2026 10:00:00 GMT"}})->lifetime == 0s);
  CHECK(freshness({{"Last-Modified", "Mon, 02 Mar 2026 00:00:00 GMT"}})->lifetime == 1h);
  CHECK(freshness({{"Last-Modified", "Mon, 02 Mar 2020 00:00:00 GMT"}})->lifetime == 24h);
  CHECK(freshness({{"Last-Modified", "Tue, 03 Mar 2026 00:00:00 GMT"}})->lifetime == 0s);
  CHECK(freshness({})->lifetime == 0s);
}

TEST_CASE("lifetimes that are nonsense are stale, those too large are the largest") {
  CHECK(controlled("max-age=abc")->lifetime == 0s);
  CHECK(controlled("max-age=-1")->lifetime == 0s);
  CHECK(controlled("max-age")->lifetime == 0s);
  CHECK(controlled("max-age=99999999999999999999")->lifetime == seconds(1LL << 31));
  CHECK(controlled("max-age=60, max-age=10")->lifetime == 10s);
}

TEST_CASE("directives decide whether ordinary names are stored and whether the stale may be sent") {
  struct Row {
    const char* cache_control;
    bool stored;
    bool must_revalidate;
  };
  const auto row = GENERATE(
      Row{"max-age=60", true, false}, Row{"no-store", false, false}, Row{"max-age=60, No-Store", false, false},
      Row{"private", false, false}, Row{"private, max-age=60", false, false},
      Row{"private=\"X-A, no-store\", max-age=60", true, false}, Row{"no-cache=\"X-A\"", true, false},
      Row{"no-cache", true, true}, Row{"max-age=60, must-revalidate", true, true}, Row{"proxy-revalidate", true, true},
      Row{"s-maxage=60", true, true}, Row{"public", true, false}, Row{"immutable, ext=\"no-store\"", true, false});
  INFO(row.cache_control);
  const auto result = controlled(row.cache_control);
  REQUIRE(result.has_value() == row.stored);
  if (result) CHECK(result->must_revalidate == row.must_revalidate);
  // A versioned name overrides all of it.
  const auto immutable = controlled(row.cache_control, NameClass::immutable);
  REQUIRE(immutable.has_value());
  CHECK_FALSE(immutable->must_revalidate);
  CHECK(is_fresh(*immutable, NameClass::immutable, now() + 24h * 10000));
  const auto changing = controlled(row.cache_control, NameClass::mutable_name);
  REQUIRE(changing.has_value());
  CHECK(changing->lifetime == 0s);
  CHECK_FALSE(changing->must_revalidate);
  CHECK_FALSE(is_fresh(*changing, NameClass::mutable_name, now()));
}

TEST_CASE("no-cache is stored but never fresh") {
  const auto result = controlled("no-cache, max-age=60");
  REQUIRE(result.has_value());
  CHECK(result->lifetime == 0s);
  CHECK_FALSE(is_fresh(*result, NameClass::ordinary, now()));
}

TEST_CASE("only 200 and 206 are stored, whatever the name") {
  for (const auto name : {NameClass::ordinary, NameClass::immutable, NameClass::mutable_name}) {
    CHECK(freshness({}, name, 200).has_value());
    CHECK(freshness({}, name, 206).has_value());
    for (const int status : {203, 204, 301, 302, 304, 400, 404, 410, 500, 503}) {
      CHECK_FALSE(freshness({{"Cache-Control", "max-age=60"}}, name, status).has_value());
    }
  }
}

TEST_CASE("Vary decides with the name and the encoding") {
  struct Row {
    Fields fields;
    bool ordinary;
    bool named;
  };
  const auto row =
      GENERATE(Row{{{"Vary", "*"}}, false, false}, Row{{{"Vary", "Accept-Encoding"}}, true, true},
               Row{{{"Vary", "accept-encoding"}, {"Content-Encoding", "identity"}}, true, true},
               Row{{{"Vary", "Accept-Encoding"}, {"Content-Encoding", "gzip"}}, false, false},
               Row{{{"Vary", "User-Agent"}}, false, true}, Row{{{"Vary", ""}}, true, true},
               Row{{{"Vary", "Accept-Encoding"}, {"Vary", "Origin"}}, false, true},
               Row{{{"Vary", "Origin, *"}}, false, false}, Row{{{"Content-Encoding", "gzip"}}, true, true});
  CHECK(freshness(row.fields).has_value() == row.ordinary);
  CHECK(freshness(row.fields, NameClass::immutable).has_value() == row.named);
  CHECK(freshness(row.fields, NameClass::mutable_name).has_value() == row.named);
}

TEST_CASE("what was asked with Authorization is stored only when the origin shares it") {
  for (const auto name : {NameClass::ordinary, NameClass::immutable}) {
    CHECK_FALSE(freshness({{"Cache-Control", "max-age=60"}}, name, 200, true).has_value());
    CHECK(freshness({{"Cache-Control", "public"}}, name, 200, true).has_value());
    CHECK(freshness({{"Cache-Control", "s-maxage=60"}}, name, 200, true).has_value());
    CHECK(freshness({{"Cache-Control", "must-revalidate"}}, name, 200, true).has_value());
  }
}

TEST_CASE("age counts what the answer had behind it and how long it took to come") {
  const Fields dated = {{"Date", "Mon, 02 Mar 2026 09:59:00 GMT"}};
  CHECK(freshness(dated)->initial_age == 60s);
  CHECK(freshness({{"Age", "100"}})->initial_age == 100s);
  CHECK(freshness({{"Date", "Mon, 02 Mar 2026 09:59:00 GMT"}, {"Age", "100"}})->initial_age == 100s);
  CHECK(freshness({{"Date", "Mon, 02 Mar 2026 10:05:00 GMT"}})->initial_age == 0s);
  const auto slow = freshness_of({{"Age", "100"}}, 200, NameClass::ordinary, false, now() - 5s, now());
  CHECK(slow->initial_age == 105s);
  CHECK(freshness_of({}, 200, NameClass::ordinary, false, now() + 5s, now())->initial_age == 0s);
}

TEST_CASE("an answer is fresh until its lifetime has passed") {
  const auto result = freshness({{"Cache-Control", "max-age=60"}, {"Age", "10"}});
  REQUIRE(result.has_value());
  CHECK(current_age(*result, now() + 20s) == 30s);
  CHECK(is_fresh(*result, NameClass::ordinary, now() + 49s));
  CHECK_FALSE(is_fresh(*result, NameClass::ordinary, now() + 50s));
  CHECK(current_age(*result, now() - 1h) == 10s);
}
