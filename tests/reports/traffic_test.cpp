// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

FetchRecord fetched(std::chrono::microseconds after_noon, const std::string& product, Entrance entrance) {
  FetchRecord record = outlook();
  record.time = at(after_noon);
  record.subject.edit().product = product;
  record.entrance = entrance;
  record.bytes_from_origin = 3;
  return record;
}

std::vector<std::string> told(const LedgerFixture& fixture, Filter filter) {
  std::vector<std::string> rows;
  do {
    const auto page = fixture.ledger->traffic(filter).value();
    for (const TrafficRow& row : page.items) {
      const auto hour = std::chrono::duration_cast<hours>(row.hour - at({})).count();
      rows.push_back(std::to_string(hour) + " " + row.product + " " + std::string(to_string(row.entrance)) + " " +
                     std::to_string(row.requests));
    }
    filter.cursor = page.next_cursor;
  } while (!filter.cursor.empty());
  return rows;
}

TEST_CASE("traffic has a row for each hour, product and entrance, newest hour first, on pages of any size") {
  const LedgerFixture fixture;
  fixture.record({fetched(minutes(5), "Word", Entrance::proxy), fetched(minutes(6), "Word", Entrance::proxy),
                  fetched(minutes(7), "Word", Entrance::steered), fetched(minutes(8), "", Entrance::tunnel),
                  fetched(hours(50), "Excel", Entrance::proxy), fetched(hours(51), "", Entrance::own)});
  const std::vector<std::string> all{"51  own 0", "50 Excel proxy 1", "0  tunnel 1", "0 Word proxy 2",
                                     "0 Word steered 1"};
  Filter filter;
  for (filter.limit = 1; filter.limit < 7; ++filter.limit) CHECK(told(fixture, filter) == all);
  filter = {};
  filter.product = "Word";
  CHECK(told(fixture, filter) == std::vector<std::string>{"0 Word proxy 2", "0 Word steered 1"});
  filter.device = "C02X";
  CHECK(told(fixture, filter) == std::vector<std::string>{"0 Word proxy 2", "0 Word steered 1"});
  filter = {};
  filter.from = at(minutes(6));
  filter.to = at(hours(50) + std::chrono::microseconds(1));
  CHECK(told(fixture, filter) ==
        std::vector<std::string>{"50 Excel proxy 1", "0  tunnel 1", "0 Word proxy 1", "0 Word steered 1"});
}

TEST_CASE("one version's and another's fetches of a product share its row") {
  const LedgerFixture fixture;
  FetchRecord newer = outlook();
  newer.subject.edit().version = "17";
  fixture.record({outlook(), newer});
  const auto page = fixture.ledger->traffic({}).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].requests == 2);
  CHECK(page.items[0].bytes_sent == 2000);
}

TEST_CASE("a page has a thousand rows at most") {
  const LedgerFixture fixture;
  std::vector<FetchRecord> records;
  for (int i = 0; i < 1500; ++i) records.push_back(fetched(hours(i), "Word", Entrance::proxy));
  fixture.record(records);
  Filter filter;
  filter.limit = 1'000'000;
  CHECK(fixture.ledger->traffic(filter).value().items.size() == 1000);
  CHECK(told(fixture, filter).size() == 1500);
}

}  // namespace
}  // namespace larder::reports
