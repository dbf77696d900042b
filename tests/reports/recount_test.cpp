// SPDX-License-Identifier: MIT
// Every report against a recount of the same records, on random data and random filters.
#include "recount.h"

#include <catch2/catch.hpp>
#include <random>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }

 private:
  std::mt19937_64 random_;
};

constexpr std::uint64_t kSpanHours = 24 * 6;

WallTime some_time(Chance& chance) {
  return at(hours(chance.below(kSpanHours))) + microseconds(chance.below(3'600'000'000));
}

FetchRecord some_fetch(Chance& chance) {
  FetchRecord record = outlook();
  record.time = some_time(chance);
  record.token = "D" + std::to_string(chance.below(8));
  record.entrance = static_cast<Entrance>(chance.below(9));
  record.answered = static_cast<Answered>(chance.below(7));
  const std::uint64_t product = chance.below(4);
  record.product = product == 0 ? "" : "P" + std::to_string(product);
  record.version = std::to_string(chance.below(3));
  record.build = chance.one_in(2) ? "" : "b";
  record.kind = static_cast<FileKind>(chance.below(4));
  record.url = "http://a.example/" + record.product + record.version + record.build + std::to_string(chance.below(2));
  record.object_bytes = 40;
  record.sent_ranges.clear();
  record.bytes_sent = 0;
  for (std::uint64_t pieces = chance.below(4); pieces > 0; --pieces) {
    const std::uint64_t first = chance.below(40);
    const std::uint64_t end = first + 1 + chance.below(40 - first);
    record.sent_ranges.emplace_back(first, end);
    record.bytes_sent += end - first;
  }
  record.bytes_from_origin = chance.one_in(3) ? chance.below(100) : 0;
  return record;
}

Filter some_filter(Chance& chance) {
  Filter filter;
  if (chance.one_in(2)) filter.from = some_time(chance);
  if (chance.one_in(2)) filter.to = some_time(chance);
  if (filter.from && chance.one_in(4)) filter.to = *filter.from + microseconds(chance.below(7'200'000'000));
  if (filter.from && chance.one_in(4)) filter.from = std::chrono::floor<hours>(*filter.from);
  if (filter.to && chance.one_in(4)) filter.to = std::chrono::floor<hours>(*filter.to);
  if (chance.one_in(3)) filter.product = "P" + std::to_string(1 + chance.below(3));
  if (chance.one_in(3)) filter.device = "D" + std::to_string(chance.below(8));
  filter.limit = 1 + chance.below(50);
  return filter;
}

template <class Row, class Ask>
std::vector<Row> all_pages(Filter filter, Ask ask) {
  std::vector<Row> rows;
  do {
    auto page = ask(filter).value();
    rows.insert(rows.end(), page.items.begin(), page.items.end());
    filter.cursor = page.next_cursor;
  } while (!filter.cursor.empty());
  return rows;
}

void check_summary(Ledger& ledger, const Filter& filter, const Recount& recount) {
  const Summary summary = ledger.summary(filter).value();
  CHECK(summary.requests == recount.summary.requests);
  CHECK(summary.bytes_sent == recount.summary.bytes_sent);
  CHECK(summary.bytes_from_origin == recount.summary.bytes_from_origin);
  CHECK(summary.bytes_from_origin_own == recount.summary.bytes_from_origin_own);
  CHECK(summary.devices == recount.devices.size());
}

void check_versions(Ledger& ledger, const Filter& filter, const Recount& recount) {
  const auto rows = all_pages<VersionRow>(filter, [&](const Filter& f) { return ledger.versions(f); });
  CHECK(rows.size() == recount.versions.size());
  for (const VersionRow& row : rows) {
    const std::tuple key{row.product, row.version, row.build};
    REQUIRE(recount.versions.contains(key));
    const Recount::Version& version = recount.versions.at(key);
    CHECK(row.requests == version.requests);
    CHECK(row.bytes_sent == version.bytes_sent);
    CHECK(row.first_fetch == version.first);
    CHECK(row.last_fetch == version.last);
    CHECK(row.devices_complete == recount.complete(key));
    CHECK(row.devices_complete + row.devices_partly == version.fetched.size());
  }
}

void check_devices(Ledger& ledger, const Filter& filter, const Recount& recount) {
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> told;
  for (const DeviceRow& row : all_pages<DeviceRow>(filter, [&](const Filter& f) { return ledger.devices(f); })) {
    CHECK(told.emplace(row.id, std::pair{row.requests, row.bytes_sent}).second);
  }
  CHECK(told == recount.by_device);
}

void check_traffic(Ledger& ledger, const Filter& filter, const Recount& recount) {
  std::map<std::tuple<WallTime, std::string, Entrance>, Recount::Traffic> told;
  for (const TrafficRow& row : all_pages<TrafficRow>(filter, [&](const Filter& f) { return ledger.traffic(f); })) {
    const Recount::Traffic sums{row.requests, row.bytes_sent, row.bytes_from_origin};
    CHECK(told.emplace(std::tuple{row.hour, row.product, row.entrance}, sums).second);
  }
  CHECK(told == recount.traffic);
}

void check_all(Ledger& ledger, const std::vector<FetchRecord>& records, const Filter& filter) {
  INFO("from " << (filter.from ? filter.from->time_since_epoch().count() : -1) << " to "
               << (filter.to ? filter.to->time_since_epoch().count() : -1) << " product " << filter.product
               << " device " << filter.device);
  const Recount recount(records, filter);
  check_summary(ledger, filter, recount);
  check_versions(ledger, filter, recount);
  check_devices(ledger, filter, recount);
  check_traffic(ledger, filter, recount);
}

TEST_CASE("every report equals a recount of all records, whatever the window, product and device") {
  Chance chance(7);
  LedgerFixture fixture;
  std::vector<FetchRecord> records;
  for (int round = 0; round < 6; ++round) {
    std::vector<FetchRecord> batch;
    for (int i = 0; i < 150; ++i) batch.push_back(some_fetch(chance));
    records.insert(records.end(), batch.begin(), batch.end());
    fixture.record(batch);
    if (round == 2) fixture.open();
    check_all(*fixture.ledger, records, {});
    for (int i = 0; i < 40; ++i) check_all(*fixture.ledger, records, some_filter(chance));
  }
}

TEST_CASE("records whose clock went back are counted where their time says") {
  Chance chance(8);
  const LedgerFixture fixture;
  std::vector<FetchRecord> records;
  for (int i = 0; i < 60; ++i) {
    records.push_back(some_fetch(chance));
    records.back().time = at(hours(60 - i));
    fixture.ledger->record({records.back()});
    if (i % 10 == 0) fixture.ledger->flush();
  }
  fixture.ledger->flush();
  for (int i = 0; i < 40; ++i) check_all(*fixture.ledger, records, some_filter(chance));
}

// Filters on whole hours, so that the answer does not depend on raw records.
TEST_CASE("totals outlive the raw fetches that retention drops") {
  LedgerFixture fixture;
  fixture.options.retention = hours(24 * 30);
  fixture.open();
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
    Filter filter = some_filter(chance);
    if (filter.from) filter.from = std::chrono::floor<hours>(*filter.from);
    if (filter.to) filter.to = std::chrono::floor<hours>(*filter.to);
    check_all(*fixture.ledger, records, filter);
  }
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
