// SPDX-License-Identifier: MIT
// Every report against a recount of the same records, on random data and random filters.
#include <catch2/catch.hpp>

#include "random_fetches.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

// Of a group, too, one time in five.
Filter some_filter_with_group(Chance& chance) {
  Filter filter = some_filter(chance);
  if (chance.one_in(5)) filter.group = some_group(chance.below(3));
  return filter;
}

std::string wrong_totals(Ledger& ledger) {
  std::string wrong;
  const auto reckoning = ledger.reckon(false).value();
  for (const auto& [table, rows] : reckoning.wrong) wrong += table + " " + std::to_string(rows) + " ";
  return wrong;
}

TEST_CASE("every report equals a recount of all records, whatever the window, product and device") {
  Chance chance(7);
  LedgerFixture fixture;
  import_groups(*fixture.ledger);
  std::vector<FetchRecord> records;
  for (int round = 0; round < 6; ++round) {
    std::vector<FetchRecord> batch;
    for (int i = 0; i < 150; ++i) batch.push_back(some_fetch(chance));
    records.insert(records.end(), batch.begin(), batch.end());
    fixture.record(batch);
    if (round == 2) fixture.open();
    check_all(*fixture.ledger, records, {});
    for (int i = 0; i < 40; ++i) check_all(*fixture.ledger, records, some_filter_with_group(chance));
    CHECK(wrong_totals(*fixture.ledger) == "");
  }
}

TEST_CASE("records whose clock went back are counted where their time says") {
  Chance chance(8);
  const LedgerFixture fixture;
  import_groups(*fixture.ledger);
  std::vector<FetchRecord> records;
  for (int i = 0; i < 60; ++i) {
    records.push_back(some_fetch(chance));
    records.back().time = at(hours(60 - i));
    fixture.ledger->record({records.back()});
    if (i % 10 == 0) fixture.ledger->flush();
  }
  fixture.ledger->flush();
  for (int i = 0; i < 40; ++i) check_all(*fixture.ledger, records, some_filter_with_group(chance));
}

// Filters on whole hours, so that the answer does not depend on raw records.
TEST_CASE("totals outlive the raw fetches that retention drops") {
  LedgerFixture fixture;
  fixture.options.retention = hours(24 * 30);
  fixture.open();
  import_groups(*fixture.ledger);
  Chance chance(9);
  std::vector<FetchRecord> records;
  for (int i = 0; i < 500; ++i) records.push_back(some_fetch(chance));
  fixture.record(records);
  REQUIRE(fixture.ledger->status().fetches == 500);
  fixture.clock.advance(hours(24 * 33));
  records.push_back(some_fetch(chance));
  records.back().time = at(hours(24 * 33));
  fixture.record({records.back()});
  const std::uint64_t left = fixture.ledger->status().fetches;
  CHECK(left < 500);
  CHECK(left > 0);
  for (int i = 0; i < 60; ++i) {
    Filter filter = some_filter_with_group(chance);
    if (filter.from) filter.from = std::chrono::floor<hours>(*filter.from);
    if (filter.to) filter.to = std::chrono::floor<hours>(*filter.to);
    check_all(*fixture.ledger, records, filter, Raw::dropped);
  }
  CHECK(wrong_totals(*fixture.ledger) == "");
  // An end inside an hour whose raw fetches are gone takes the hour whole.
  Filter ragged;
  ragged.from = at(hours(2) + microseconds(1));
  ragged.to = at(hours(5) - microseconds(1));
  Filter whole;
  whole.from = at(hours(2));
  whole.to = at(hours(5));
  CHECK(fixture.ledger->summary(ragged).value().requests == fixture.ledger->summary(whole).value().requests);
}

}  // namespace
}  // namespace larder::reports
