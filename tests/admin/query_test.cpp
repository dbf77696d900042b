// SPDX-License-Identifier: MIT
#include "admin/query.h"
#include "base/time_text.h"

#include <catch2/catch.hpp>

using namespace larder;
using namespace larder::admin;

namespace {

std::string error_of(std::string_view text) {
  const auto query = Query::parse(text, {"from", "to", "limit", "format", "product"});
  if (!query) return query.error().message;
  const auto filter = query->filter();
  if (!filter) return filter.error().message;
  const auto csv = query->wants_csv();
  return csv ? "" : csv.error().message;
}

}  // namespace

TEST_CASE("a query's values are decoded") {
  const auto query = Query::parse("product=Microsoft+Word%21&from=2026-08-17&limit=7", {"product", "from", "limit"});
  REQUIRE(query);
  const auto filter = query->filter();
  REQUIRE(filter);
  CHECK(filter->product == "Microsoft Word!");
  CHECK(to_rfc3339(*filter->from) == "2026-08-17T00:00:00Z");
  CHECK(filter->limit == 7);
  CHECK_FALSE(filter->to);
}

TEST_CASE("no query is the defaults") {
  const auto filter = Query::parse("", {})->filter();
  REQUIRE(filter);
  CHECK(filter->limit == 100);
  CHECK(filter->cursor.empty());
}

TEST_CASE("a query's error names the parameter and what to write") {
  CHECK(error_of("colour=1") == "there is no parameter \"colour\"; known here: from, to, limit, format, product");
  CHECK(error_of("limit=1&limit=1") == "the parameter \"limit\" is there twice; send it once");
  CHECK(error_of("limit=0") == "limit must be a number from 1 to 1000");
  CHECK(error_of("limit=1001") == "limit must be a number from 1 to 1000");
  CHECK(error_of("limit=-1") == "limit must be a number from 1 to 1000");
  CHECK(error_of("format=xml") == "format \"xml\" is not known; write csv or json");
  CHECK(error_of("from=yesterday") == "from \"yesterday\" is not a time; write 2026-08-17T15:04:05Z or 2026-08-17");
  CHECK(error_of("from=2026-08-18&to=2026-08-17") == "from is later than to; exchange them");
  CHECK_FALSE(error_of("product=%zz").empty());
  CHECK_FALSE(error_of("product=%00").empty());
  CHECK_FALSE(error_of("&").empty());
}

TEST_CASE("a time is read in the forms of RFC 3339") {
  const auto text = [](const char* time) { return to_rfc3339(*parse_time(time)); };
  CHECK(text("2026-08-17T15:04:05Z") == "2026-08-17T15:04:05Z");
  CHECK(text("2026-08-17T15:04:05.25Z") == "2026-08-17T15:04:05Z");
  CHECK(text("2026-08-17T15:04:05+02:00") == "2026-08-17T13:04:05Z");
  CHECK(text("2026-08-17T15:04:05 02:00") == "2026-08-17T13:04:05Z");
  CHECK(text("2026-08-17T15:04:05-00:30") == "2026-08-17T15:34:05Z");
  CHECK(text("2024-02-29") == "2024-02-29T00:00:00Z");
  for (const auto* bad : {"", "2026", "2026-8-17", "2026-13-01", "2026-02-29", "2026-08-17T", "2026-08-17T15:04",
                          "2026-08-17T15:04:05", "2026-08-17T24:00:00Z", "2026-08-17T15:60:00Z",
                          "2026-08-17T15:04:05.Z", "2026-08-17T15:04:05+2", "2026-08-17T15:04:05Zz", "-026-08-17"}) {
    INFO(bad);
    CHECK_FALSE(parse_time(bad));
  }
}
