// SPDX-License-Identifier: MIT
// A device is forgotten on request.
#include <catch2/catch.hpp>

#include "random_fetches.h"
#include "reports/inventory.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

struct ErasureFixture : LedgerFixture {
  ErasureFixture() {
    options.lease = hours(12);
    open();
  }
};

FetchRecord of(const std::string& token, Entrance entrance = Entrance::update_cache) {
  FetchRecord record = outlook();
  record.token = token;
  record.entrance = entrance;
  return record;
}

TEST_CASE("an erased device is on no report, its traffic still is", "[erase]") {
  const ErasureFixture fixture;
  fixture.record({of("A"), of("B"), of("A")});
  const Erased would = fixture.ledger->erase("A", true).value();
  CHECK(would.ids == std::vector<std::string>{"A"});
  CHECK(would.requests == 2);
  CHECK(fixture.ledger->device("A"));

  const Erased erased = fixture.ledger->erase("A", false).value();
  CHECK(erased.requests == 2);
  CHECK(fixture.ledger->device("A").error().kind == ErrorKind::not_found);
  const auto devices = fixture.ledger->devices({}).value();
  REQUIRE(devices.items.size() == 1);
  CHECK(devices.items[0].id == "B");
  CHECK(fixture.ledger->versions({}).value().items.at(0).devices_complete == 1);
  CHECK(fixture.ledger->summary({}).value().requests == 3);
  CHECK(fixture.ledger->summary({}).value().devices == 1);
  Filter minute;  // read from the raw record
  minute.from = at(seconds(-1));
  minute.to = at(seconds(60));
  CHECK(fixture.ledger->summary(minute).value().requests == 3);
  CHECK(fixture.ledger->summary(minute).value().devices == 1);
  CHECK(fixture.ledger->erase("A", false).error().kind == ErrorKind::not_found);
}

TEST_CASE("all that is told of the others stays as it was", "[erase]") {
  Chance chance(5);
  const ErasureFixture fixture;
  std::vector<FetchRecord> records;
  for (int i = 0; i < 3000; ++i) records.push_back(some_fetch(chance));
  fixture.record(records);
  REQUIRE(fixture.ledger->erase("D3", false));
  std::vector<FetchRecord> others;
  for (const FetchRecord& record : records) {
    if (record.token != "D3" || record.entrance == Entrance::own) others.push_back(record);
  }
  for (int i = 0; i < 40; ++i) {
    Filter filter = some_filter(chance);
    if (filter.device.empty()) filter.device = "D1";
    if (filter.device == "D3") continue;
    check_all(*fixture.ledger, others, filter);
  }
  CHECK(fixture.ledger->reckon(false).value().wrong.empty());
  const Recount all(others, {});
  check_devices(*fixture.ledger, {}, all);
}

TEST_CASE("a device that asks again after it was forgotten is recorded anew", "[erase]") {
  ErasureFixture fixture;
  fixture.record({of("A"), of("B")});
  REQUIRE(fixture.ledger->erase("A", false));
  fixture.record({of("A")});
  CHECK(fixture.ledger->device("A").value().device.requests == 1);
  fixture.open();
  CHECK(fixture.ledger->device("A").value().device.requests == 1);
  CHECK(fixture.ledger->device("B").value().device.requests == 1);
}

TEST_CASE("no address is taken for an erased device", "[erase]") {
  const ErasureFixture fixture;
  fixture.record({of("A", Entrance::helper)});
  REQUIRE(fixture.ledger->erase("A", false));
  FetchRecord nameless = of("", Entrance::proxy);
  nameless.time = at(seconds(5));
  fixture.record({nameless});
  CHECK_FALSE(fixture.ledger->device("A"));
  CHECK(fixture.ledger->device("192.0.2.7").value().device.requests == 1);
}

TEST_CASE("all ids of one machine go, and what the inventory says of it", "[erase]") {
  ErasureFixture fixture;
  const Mac mac{0xAA, 0xBB, 0xCC, 0, 1, 2};
  fixture.neighbours = {{address("192.0.2.9"), mac}};
  fixture.open();
  REQUIRE(fixture.ledger->import_inventory(
      {{2, {"C02X", "Anna's Mac", "", "", "", {mac}}}, {3, {"C02Y", "", "", "", "", {}}}}, false));
  FetchRecord wired = of("");
  wired.client = address("192.0.2.9");
  fixture.record({of("C02X"), wired});
  const Erased erased = fixture.ledger->erase("c02x", false).value();
  CHECK(erased.serial == "C02X");
  CHECK(erased.ids.size() == 2);
  CHECK(fixture.ledger->devices({}).value().items.empty());
  CHECK(fixture.ledger->erase("C02X", true).error().kind == ErrorKind::not_found);
  CHECK(fixture.ledger->erase("C02Y", true).value().ids.empty());
}

}  // namespace
}  // namespace larder::reports
