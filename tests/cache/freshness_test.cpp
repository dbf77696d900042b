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

TEST_CASE("two digits of a year name the one that is no more than 50 years ahead") {
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const int this_year = static_cast<int>(std::chrono::year_month_day(today).year());
  const auto year_of = [](int year) {
    std::string digits = std::to_string(year % 100);
    if (digits.size() < 2) digits.insert(0, "0");
    const auto date = parse_http_date("Sunday, 06-Nov-" + digits + " 08:49:37 GMT").value();
    return static_cast<int>(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(date)).year());
  };
  for (int year = this_year - 49; year <= this_year + 50; ++year) CHECK(year_of(year) == year);
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
  CHECK(controlled("max-age=60, max-age=10")->lifetime == 60s);
  CHECK(controlled("max-age=10, max-age=60")->lifetime == 10s);
  for (const auto* wrong : {"max-age=", "max-age =60", "max-age= 60", "max-age='60'", "max-age=60.0", "max-age=60a"}) {
    INFO(wrong);
    const auto result = controlled(wrong);
    REQUIRE(result.has_value());
    CHECK(result->lifetime == 0s);
  }
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

TEST_CASE("of names of updates only 200 and 206 are stored") {
  for (const auto name : {NameClass::immutable, NameClass::mutable_name}) {
    CHECK(freshness({}, name, 200).has_value());
    CHECK(freshness({}, name, 206).has_value());
    for (const int status : {203, 204, 301, 302, 304, 400, 404, 410, 500, 503}) {
      CHECK_FALSE(freshness({{"Cache-Control", "max-age=60"}}, name, status).has_value());
    }
  }
}

TEST_CASE("an ordinary answer of any final status is stored when the origin says for how long") {
  const Fields aged = {{"Cache-Control", "max-age=60"}};
  for (const int status : {200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 503, 599}) {
    INFO(status);
    CHECK(freshness(aged, NameClass::ordinary, status)->lifetime == 60s);
    CHECK(freshness({{"Expires", "Mon, 02 Mar 2026 10:02:00 GMT"}}, NameClass::ordinary, status)->lifetime == 120s);
    CHECK(freshness({{"Cache-Control", "public"}}, NameClass::ordinary, status).has_value());
  }
  CHECK_FALSE(freshness(aged, NameClass::ordinary, 304).has_value());
  CHECK_FALSE(freshness(aged, NameClass::ordinary, 103).has_value());
}

TEST_CASE("only some statuses are kept on a guess") {
  const Fields changed = {{"Last-Modified", "Mon, 02 Mar 2026 00:00:00 GMT"}};
  for (const int status : {200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501}) {
    INFO(status);
    CHECK(freshness(changed, NameClass::ordinary, status)->lifetime == 1h);
  }
  for (const int status : {201, 202, 302, 303, 307, 400, 403, 500, 502, 503, 504, 599}) {
    INFO(status);
    CHECK_FALSE(freshness(changed, NameClass::ordinary, status).has_value());
    Fields shared = changed;
    shared.emplace_back("Cache-Control", "public");
    CHECK(freshness(shared, NameClass::ordinary, status)->lifetime == 1h);
  }
}

TEST_CASE("must-understand overrules no-store for statuses whose rules are known") {
  const Fields fields = {{"Cache-Control", "must-understand, no-store, max-age=60"}};
  CHECK(freshness(fields, NameClass::ordinary, 200).has_value());
  CHECK(freshness(fields, NameClass::ordinary, 302).has_value());
  CHECK_FALSE(freshness(fields, NameClass::ordinary, 299).has_value());
  CHECK_FALSE(freshness({{"Cache-Control", "must-understand, max-age=60"}}, NameClass::ordinary, 299).has_value());
}

TEST_CASE("Vary decides with the name and the encoding") {
  struct Row {
    Fields fields;
    bool ordinary;
    bool named;
  };
  const auto row = GENERATE(
      Row{{{"Vary", "*"}}, false, false}, Row{{{"Vary", "Accept-Encoding"}}, true, true},
      Row{{{"Vary", "accept-encoding"}, {"Content-Encoding", "identity"}}, true, true},
      Row{{{"Vary", "Accept-Encoding"}, {"Content-Encoding", "gzip"}}, true, false},
      Row{{{"Vary", "User-Agent"}}, true, true}, Row{{{"Vary", ""}}, true, true},
      Row{{{"Vary", "Accept-Encoding"}, {"Vary", "Origin"}}, true, true}, Row{{{"Vary", "Origin, *"}}, false, false},
      Row{{{"Vary", ""}, {"Vary", "*"}}, false, false}, Row{{{"Content-Encoding", "gzip"}}, true, true});
  CHECK(freshness(row.fields).has_value() == row.ordinary);
  CHECK(freshness(row.fields, NameClass::immutable).has_value() == row.named);
  CHECK(freshness(row.fields, NameClass::mutable_name).has_value() == row.named);
}

TEST_CASE("a field for this cache replaces Cache-Control and Expires") {
  const auto both = [](const char* targeted, const char* cache_control) {
    return freshness({{"CDN-Cache-Control", targeted},
                      {"Cache-Control", cache_control},
                      {"Expires", "Mon, 02 Mar 2026 10:02:00 GMT"}});
  };
  CHECK(both("max-age=3600", "no-store")->lifetime == 3600s);
  CHECK(both("max-age=1", "max-age=3600")->lifetime == 1s);
  CHECK(both("max-age=99999999999", "no-store")->lifetime == seconds(1LL << 31));
  CHECK(both("foo", "max-age=10")->lifetime == 0s);
  CHECK_FALSE(both("no-store", "max-age=3600").has_value());
  CHECK_FALSE(both("private", "max-age=3600").has_value());
  CHECK(both("no-store=?0, max-age=5", "no-store")->lifetime == 5s);
  CHECK(both("no-cache", "max-age=3600")->must_revalidate);
  // Malformed: as if it were not there.
  for (const auto* wrong : {"", "max-age=10, &&&&&", "MaX-aGe=10", "max-age =10", "max-age= 10", "max-age=10,"}) {
    INFO(wrong);
    CHECK(both(wrong, "max-age=77")->lifetime == 77s);
  }
  CHECK(both("max-age=\"3600\"", "max-age=77")->lifetime == 0s);
  CHECK(freshness({{"Larder-Cache-Control", "max-age=7"}, {"CDN-Cache-Control", "max-age=8"}})->lifetime == 7s);
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

TEST_CASE("of several ages the first counts, and what is no age counts for nothing") {
  CHECK(freshness({{"Age", "7200, 0"}})->initial_age == 7200s);
  CHECK(freshness({{"Age", "7200"}, {"Age", "0"}})->initial_age == 7200s);
  CHECK(freshness({{"Age", "0, 7200"}})->initial_age == 0s);
  for (const auto* wrong : {"abc", "-7200", "7200.0", ""}) CHECK(freshness({{"Age", wrong}})->initial_age == 0s);
}

TEST_CASE("an answer is fresh until its lifetime has passed") {
  const auto result = freshness({{"Cache-Control", "max-age=60"}, {"Age", "10"}});
  REQUIRE(result.has_value());
  CHECK(current_age(*result, now() + 20s) == 30s);
  CHECK(is_fresh(*result, NameClass::ordinary, now() + 49s));
  CHECK_FALSE(is_fresh(*result, NameClass::ordinary, now() + 50s));
  CHECK(current_age(*result, now() - 1h) == 10s);
}

TEST_CASE("a request says how fresh an answer must be") {
  const auto use = [](const char* stored, const char* asked, seconds later) {
    return use_for(*freshness({{"Cache-Control", stored}}), NameClass::ordinary, request_directives(asked, ""),
                   now() + later);
  };
  CHECK(use("max-age=60", "", 59s) == Use::as_it_is);
  CHECK(use("max-age=60", "", 60s) == Use::after_asking);
  CHECK(use("max-age=60", "no-cache", 1s) == Use::after_asking);
  CHECK(use("max-age=60", "max-age=0", 0s) == Use::after_asking);
  CHECK(use("max-age=60", "max-age=10", 10s) == Use::as_it_is);
  CHECK(use("max-age=60", "max-age=10", 11s) == Use::after_asking);
  CHECK(use("max-age=60", "max-age=nonsense", 1s) == Use::after_asking);
  CHECK(use("max-age=60", "min-fresh=30", 30s) == Use::as_it_is);
  CHECK(use("max-age=60", "min-fresh=30", 31s) == Use::after_asking);
  CHECK(use("max-age=60", "max-stale=10", 70s) == Use::as_it_is);
  CHECK(use("max-age=60", "max-stale=10", 71s) == Use::after_asking);
  CHECK(use("max-age=60", "max-stale", 9999s) == Use::as_it_is);
  CHECK(use("max-age=60, must-revalidate", "max-stale", 61s) == Use::after_asking);
  CHECK(use("s-maxage=60", "max-stale", 61s) == Use::after_asking);
  CHECK(use("no-cache, max-age=60", "max-stale", 1s) == Use::after_asking);
  CHECK(use("max-age=60", "unknown-word", 1s) == Use::as_it_is);
}

TEST_CASE("an answer that is immutable is not asked for again while it is fresh") {
  const auto use = [](const char* asked, seconds later) {
    return use_for(*freshness({{"Cache-Control", "max-age=60, immutable"}}), NameClass::ordinary,
                   request_directives(asked, ""), now() + later);
  };
  CHECK(use("max-age=0", 1s) == Use::as_it_is);
  CHECK(use("max-age=0", 61s) == Use::after_asking);
  CHECK(use("no-cache", 1s) == Use::after_asking);
}

TEST_CASE("stale-while-revalidate lets the stale be sent for its time") {
  const auto use = [](const char* stored, seconds later) {
    return use_for(*freshness({{"Cache-Control", stored}}), NameClass::ordinary, {}, now() + later);
  };
  CHECK(use("max-age=60, stale-while-revalidate=30", 61s) == Use::while_asking);
  CHECK(use("max-age=60, stale-while-revalidate=30", 91s) == Use::after_asking);
  CHECK(use("max-age=60, stale-while-revalidate=30, must-revalidate", 61s) == Use::after_asking);
}

TEST_CASE("the stale is good for an origin that fails, unless somebody forbids it") {
  const auto good = [](const char* stored, const char* asked) {
    return good_on_error(*freshness({{"Cache-Control", stored}}), NameClass::ordinary, request_directives(asked, ""),
                         now() + 65s);
  };
  CHECK(good("max-age=60", ""));
  CHECK_FALSE(good("max-age=60, must-revalidate", ""));
  CHECK_FALSE(good("max-age=60, proxy-revalidate", ""));
  CHECK_FALSE(good("s-maxage=60", ""));
  CHECK_FALSE(good("no-cache", ""));
  CHECK_FALSE(good("max-age=60", "no-cache"));
  CHECK(good("max-age=60, stale-if-error=5", ""));
  CHECK_FALSE(good("max-age=60, stale-if-error=4", ""));
  CHECK(good("max-age=60, stale-if-error=4", "stale-if-error=9"));
  CHECK_FALSE(good("max-age=60", "stale-if-error=4"));
}
