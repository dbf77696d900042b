// SPDX-License-Identifier: MIT
#include "admin/table.h"

#include <catch2/catch.hpp>

using namespace larder;
using namespace larder::admin;

namespace {

Table one_row(Cell cell) {
  return Table{{"a", "b"}, {{std::move(cell), std::uint64_t{7}}}};
}

}  // namespace

TEST_CASE("rows become a JSON list that says where it goes on") {
  const Table table{{"name", "share", "done"}, {{std::string("x\"y"), 0.5, true}, {std::monostate{}, 0.0, false}}};
  CHECK(
      list_json(table, "next") ==
      R"({"items":[{"name":"x\"y","share":0.5,"done":true},{"name":null,"share":0.0,"done":false}],"next_cursor":"next"})"
      "\n");
  CHECK(list_json({{"name"}, {}}, "") == "{\"items\":[],\"next_cursor\":null}\n");
}

TEST_CASE("text that is no UTF-8 does not break the JSON") {
  CHECK_THAT(object_json(one_row(std::string("a\xFFz"))), Catch::Contains("a\xEF\xBF\xBDz"));
}

TEST_CASE("rows become CSV with quotes where they are needed") {
  CHECK(csv(one_row(std::string("plain"))) == "a,b\r\nplain,7\r\n");
  CHECK(csv(one_row(std::string("a,\"b\"\nc"))) == "a,b\r\n\"a,\"\"b\"\"\nc\",7\r\n");
  CHECK(csv(one_row(std::monostate{})) == "a,b\r\n,7\r\n");
  CHECK(csv(one_row(0.25)) == "a,b\r\n0.25,7\r\n");
}

TEST_CASE("a device's name is no spreadsheet formula") {
  CHECK(csv(one_row(std::string("=cmd()"))) == "a,b\r\n\"'=cmd()\",7\r\n");
  CHECK(csv(one_row(std::string("@x"))) == "a,b\r\n\"'@x\",7\r\n");
}

TEST_CASE("the clock's zero is never") {
  CHECK(std::holds_alternative<std::monostate>(to_cell(WallTime{})));
  CHECK(std::get<std::string>(to_cell(WallTime(std::chrono::seconds(1)))) == "1970-01-01T00:00:01Z");
}
