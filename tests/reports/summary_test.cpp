// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

FetchRecord answered(Answered how, std::uint64_t from_origin) {
  FetchRecord record = outlook();
  record.answered = how;
  record.bytes_from_origin = from_origin;
  return record;
}

TEST_CASE("an empty ledger answers every report with nothing") {
  const LedgerFixture fixture;
  CHECK(fixture.ledger->summary({}).value().requests == 0);
  CHECK(fixture.ledger->summary({}).value().hit_ratio_bytes == 0);
  CHECK(fixture.ledger->versions({}).value().items.empty());
  CHECK(fixture.ledger->devices({}).value().items.empty());
  CHECK(fixture.ledger->traffic({}).value().items.empty());
  CHECK(fixture.ledger->device("C02X").error().kind == ErrorKind::not_found);
}

TEST_CASE("the summary adds up requests, bytes and devices") {
  const LedgerFixture fixture;
  FetchRecord other = answered(Answered::miss, 1000);
  other.token = "C02Y";
  fixture.record({outlook(), other});
  const Summary summary = fixture.ledger->summary({}).value();
  CHECK(summary.requests == 2);
  CHECK(summary.bytes_sent == 2000);
  CHECK(summary.bytes_from_origin == 1000);
  CHECK(summary.devices == 2);
  CHECK(summary.hit_ratio_bytes == Approx(0.5));
  CHECK(summary.hit_ratio_requests == Approx(0.5));
}

TEST_CASE("what Larder fetches of its own accord counts only as bytes from the origin") {
  const LedgerFixture fixture;
  FetchRecord own = answered(Answered::miss, 700);
  own.entrance = Entrance::own;
  own.token.clear();
  fixture.record({own, answered(Answered::hit, 0)});
  const Summary summary = fixture.ledger->summary({}).value();
  CHECK(summary.requests == 1);
  CHECK(summary.bytes_sent == 1000);
  CHECK(summary.bytes_from_origin == 700);
  CHECK(summary.bytes_from_origin_own == 700);
  CHECK(summary.devices == 1);
  CHECK(summary.hit_ratio_bytes == 1);
  CHECK(summary.hit_ratio_requests == 1);
}

TEST_CASE("refused and failed requests, tunnels and helpers count as requests but not in the hit ratio") {
  const LedgerFixture fixture;
  FetchRecord tunnel = answered(Answered::pass, 5000);
  tunnel.entrance = Entrance::tunnel;
  tunnel.bytes_sent = 5000;
  FetchRecord helper = answered(Answered::pass, 0);
  helper.entrance = Entrance::helper;
  fixture.record({answered(Answered::joined, 0), answered(Answered::stale, 0), answered(Answered::pass, 1000),
                  answered(Answered::miss, 1000), answered(Answered::refused, 0), answered(Answered::failed, 0), tunnel,
                  helper});
  const Summary summary = fixture.ledger->summary({}).value();
  CHECK(summary.requests == 8);
  CHECK(summary.hit_ratio_requests == Approx(0.5));
  CHECK(summary.hit_ratio_bytes == Approx(1 - 2000.0 / 6000.0));
}

TEST_CASE("what is said of errors, and what Larder says itself, saves nothing of the line") {
  const LedgerFixture fixture;
  const auto saying = [](Answered how, int status, std::uint64_t sent, std::uint64_t from_origin) {
    FetchRecord record = answered(how, from_origin);
    record.status = status;
    record.bytes_sent = sent;
    record.sent_ranges.clear();
    return record;
  };
  FetchRecord helper = saying(Answered::hit, 200, 900, 0);
  helper.entrance = Entrance::helper;
  fixture.record({saying(Answered::refused, 403, 60, 0), saying(Answered::hit, 404, 500, 0),
                  saying(Answered::pass, 404, 500, 500), saying(Answered::failed, 502, 80, 3000), helper});
  Summary summary = fixture.ledger->summary({}).value();
  CHECK(summary.bytes_sent == 60 + 500 + 500 + 80 + 900);
  CHECK(summary.bytes_saved == -2920);
  CHECK(summary.hit_ratio_bytes == 0);
  fixture.record({answered(Answered::hit, 0), answered(Answered::miss, 1000), answered(Answered::joined, 0),
                  answered(Answered::joined, 0), answered(Answered::joined, 0)});
  summary = fixture.ledger->summary({}).value();
  CHECK(summary.bytes_saved == 4000 - 2920);
  CHECK(summary.hit_ratio_bytes == Approx(1 - 4500.0 / 5580.0));
  std::int64_t by_hour = 0;
  std::int64_t by_place = 0;
  const auto hour_rows = fixture.ledger->traffic({}).value().items;
  const auto place_rows = fixture.ledger->places({}).value();
  for (const TrafficRow& row : hour_rows) by_hour += row.bytes_saved;
  for (const PlaceRow& row : place_rows) by_place += row.bytes_saved;
  CHECK(by_hour == summary.bytes_saved);
  CHECK(by_place == summary.bytes_saved);
  CHECK(fixture.ledger->reckon(false).value().wrong.empty());
}

TEST_CASE("more bytes from the origin than sent is a byte hit ratio of nothing, not below") {
  const LedgerFixture fixture;
  fixture.record({answered(Answered::miss, 50000)});
  CHECK(fixture.ledger->summary({}).value().hit_ratio_bytes == 0);
}

TEST_CASE("from is included and to is not, to the microsecond") {
  const LedgerFixture fixture;
  FetchRecord first = outlook();
  first.time = at(minutes(10));
  FetchRecord last = outlook();
  last.time = at(hours(30) + minutes(20));
  fixture.record({first, last});
  const auto requests = [&](WallTime from, WallTime to) {
    Filter filter;
    filter.from = from;
    filter.to = to;
    return fixture.ledger->summary(filter).value().requests;
  };
  constexpr std::chrono::microseconds kTick{1};
  CHECK(requests(first.time, last.time + kTick) == 2);
  CHECK(requests(first.time, last.time) == 1);
  CHECK(requests(first.time + kTick, last.time + kTick) == 1);
  CHECK(requests(first.time + kTick, last.time) == 0);
  CHECK(requests(first.time, first.time + kTick) == 1);
  CHECK(requests(last.time, first.time) == 0);
}

TEST_CASE("dropped records show in the summary") {
  const LedgerFixture fixture;
  std::vector<FetchRecord> flood(300000);
  fixture.record(std::move(flood));
  const Summary summary = fixture.ledger->summary({}).value();
  CHECK(summary.dropped_records > 0);
  CHECK(summary.dropped_records + summary.requests == 300000);
}

}  // namespace
}  // namespace larder::reports
