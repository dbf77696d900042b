// SPDX-License-Identifier: MIT
#include "proxy/conditional.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "cache/freshness.h"

using namespace larder::proxy;

namespace {

constexpr const char* kBefore = "Sun, 01 Mar 2026 10:00:00 GMT";
constexpr const char* kModified = "Mon, 02 Mar 2026 10:00:00 GMT";
constexpr const char* kAfter = "Tue, 03 Mar 2026 10:00:00 GMT";

const std::vector<std::string> kOthers = {"\"node-2\"", "W/\"weak\""};

CurrentValidators current() {
  return {"\"one\"", kOthers, kModified, larder::cache::parse_http_date(kAfter), {}};
}

Condition evaluate(std::vector<Field> fields, const CurrentValidators& validators = current(),
                   std::string_view method = "GET") {
  RequestHead head;
  head.method = method;
  for (const Field& field : fields) head.add(field);
  return evaluate_conditions(head, validators);
}

}  // namespace

TEST_CASE("without conditions a request proceeds") {
  CHECK(evaluate({}) == Condition::proceed);
}

TEST_CASE("If-None-Match compares weakly, with every tag the bytes are known by") {
  CHECK(evaluate({{"If-None-Match", "\"one\""}}) == Condition::not_modified);
  CHECK(evaluate({{"if-none-match", "W/\"one\""}}) == Condition::not_modified);
  CHECK(evaluate({{"If-None-Match", "\"x\", \"node-2\""}}) == Condition::not_modified);
  CHECK(evaluate({{"If-None-Match", "\"x\""}, {"If-None-Match", "\"weak\""}}) == Condition::not_modified);
  CHECK(evaluate({{"If-None-Match", "*"}}) == Condition::not_modified);
  CHECK(evaluate({{"If-None-Match", "\"two\""}}) == Condition::proceed);
  CHECK(evaluate({{"If-None-Match", "one"}}) == Condition::proceed);
  CHECK(evaluate({{"If-None-Match", "\"a,\"one\""}}) == Condition::proceed);
  CHECK(evaluate({{"If-None-Match", ""}}) == Condition::proceed);
}

TEST_CASE("If-None-Match fails for methods that change something") {
  CHECK(evaluate({{"If-None-Match", "\"one\""}}, current(), "HEAD") == Condition::not_modified);
  CHECK(evaluate({{"If-None-Match", "\"one\""}}, current(), "PUT") == Condition::precondition_failed);
}

TEST_CASE("commas inside a tag do not end it") {
  auto validators = current();
  validators.etag = "\"a,b\"";
  CHECK(evaluate({{"If-None-Match", "\"x\",\"a,b\""}}, validators) == Condition::not_modified);
  CHECK(evaluate({{"If-None-Match", "\"a\""}}, validators) == Condition::proceed);
}

TEST_CASE("If-Modified-Since counts only without If-None-Match, and only for reading") {
  CHECK(evaluate({{"If-Modified-Since", kModified}}) == Condition::not_modified);
  CHECK(evaluate({{"If-Modified-Since", kAfter}}) == Condition::not_modified);
  CHECK(evaluate({{"If-Modified-Since", kBefore}}) == Condition::proceed);
  CHECK(evaluate({{"If-Modified-Since", "yesterday"}}) == Condition::proceed);
  CHECK(evaluate({{"If-Modified-Since", kAfter}, {"If-None-Match", "\"two\""}}) == Condition::proceed);
  CHECK(evaluate({{"If-Modified-Since", kBefore}, {"If-None-Match", "\"one\""}}) == Condition::not_modified);
  CHECK(evaluate({{"If-Modified-Since", kAfter}}, current(), "POST") == Condition::proceed);
  auto undated = current();
  undated.last_modified = {};
  CHECK(evaluate({{"If-Modified-Since", kAfter}}, undated) == Condition::proceed);
}

TEST_CASE("a Date stands in for a missing Last-Modified with If-Modified-Since") {
  CurrentValidators undated;
  undated.date = "Mon, 02 Mar 2026 10:00:00 GMT";
  const auto since = [&](const char* time) { return evaluate({{"If-Modified-Since", time}}, undated); };
  CHECK(since("Mon, 02 Mar 2026 10:00:00 GMT") == Condition::not_modified);
  CHECK(since("Mon, 02 Mar 2026 09:59:59 GMT") == Condition::proceed);
}

TEST_CASE("If-Match compares strongly and comes first") {
  CHECK(evaluate({{"If-Match", "\"one\""}}) == Condition::proceed);
  CHECK(evaluate({{"If-Match", "\"node-2\""}}) == Condition::proceed);
  CHECK(evaluate({{"If-Match", "*"}}) == Condition::proceed);
  CHECK(evaluate({{"If-Match", "W/\"one\""}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", "W/\"weak\""}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", "\"two\""}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", "\"two\""}, {"If-None-Match", "\"one\""}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Match", "\"one\""}, {"If-None-Match", "\"one\""}}) == Condition::not_modified);
  CHECK(evaluate({{"If-Match", "\"one\""}, {"If-Unmodified-Since", kBefore}}) == Condition::proceed);
}

TEST_CASE("If-Unmodified-Since fails when the object is newer") {
  CHECK(evaluate({{"If-Unmodified-Since", kModified}}) == Condition::proceed);
  CHECK(evaluate({{"If-Unmodified-Since", kBefore}}) == Condition::precondition_failed);
  CHECK(evaluate({{"If-Unmodified-Since", "nonsense"}}) == Condition::proceed);
}

TEST_CASE("If-Range holds for the same strong tag only") {
  CHECK(if_range_holds("\"one\"", current()));
  CHECK(if_range_holds(" \"node-2\" ", current()));
  CHECK_FALSE(if_range_holds("\"two\"", current()));
  CHECK_FALSE(if_range_holds("W/\"one\"", current()));
  CHECK_FALSE(if_range_holds("W/\"weak\"", current()));
  CHECK_FALSE(if_range_holds("\"one\", \"two\"", current()));
  CHECK_FALSE(if_range_holds("\"one", current()));
  CHECK_FALSE(if_range_holds("", current()));
}

TEST_CASE("If-Range holds for exactly the date of Last-Modified, when that date is a strong validator") {
  CHECK(if_range_holds(kModified, current()));
  CHECK_FALSE(if_range_holds(kAfter, current()));
  auto just_changed = current();
  just_changed.received = larder::cache::parse_http_date(kModified);
  CHECK_FALSE(if_range_holds(kModified, just_changed));
  auto unknown = current();
  unknown.received.reset();
  CHECK_FALSE(if_range_holds(kModified, unknown));
  auto undated = current();
  undated.last_modified = {};
  CHECK_FALSE(if_range_holds("", undated));
}
