// SPDX-License-Identifier: MIT
#include "reports/inventory.h"

#include <catch2/catch.hpp>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

constexpr Mac kMac{0xAA, 0xBB, 0xCC, 0, 1, 2};

InventoryLine line(std::size_t number, InventoryDevice device) {
  return {number, std::move(device)};
}

TEST_CASE("serial numbers and hardware addresses are read as people write them", "[inventory]") {
  CHECK(as_serial(" c02xy ") == "C02XY");
  CHECK_FALSE(as_serial("").has_value());
  CHECK_FALSE(as_serial("System Serial").has_value());
  CHECK_FALSE(as_serial(std::string(kSerialBytes + 1, 'A')).has_value());
  for (const auto* text : {"aa:bb:cc:00:01:02", "AA-BB-CC-00-01-02", "aabb.cc00.0102", "AABBCC000102"}) {
    CHECK(parse_mac(text) == kMac);
  }
  for (const auto* text : {"", "aa:bb:cc:00:01", "aa:bb:cc:00:01:0g", "00:00:00:00:00:00", "01:00:5e:00:00:01"}) {
    CHECK_FALSE(parse_mac(text).has_value());
  }
}

TEST_CASE("an import adds and corrects, and never removes", "[inventory]") {
  LedgerFixture fixture;
  const auto first =
      fixture.ledger->import_inventory({line(2, {"C02X", "mac-1", "iMac", "ana", "Staff", {kMac}})}, false);
  REQUIRE(first.has_value());
  CHECK(first->devices_new == 1);
  const auto second = fixture.ledger->import_inventory({line(2, {"C02X", "mac-one", "", "", "", {}})}, false);
  REQUIRE(second.has_value());
  CHECK(second->devices_changed == 1);
  REQUIRE(second->changes.size() == 1);
  CHECK(second->changes[0].field == "name");
  CHECK(second->changes[0].before == "mac-1");
  CHECK(second->changes[0].after == "mac-one");
  fixture.record({outlook()});
  const DeviceRow device = fixture.ledger->devices({}).value().items.at(0);
  CHECK(device.serial == "C02X");
  CHECK(device.name == "mac-one");
  CHECK(device.model == "iMac");
  CHECK(device.owner == "ana");
  CHECK(device.group == "Staff");
}

TEST_CASE("a dry run says what would change and changes nothing", "[inventory]") {
  LedgerFixture fixture;
  CHECK(fixture.ledger->import_inventory({line(2, {"C02X", "mac-1", "", "", "", {}})}, true).value().devices_new == 1);
  CHECK(fixture.ledger->import_inventory({line(2, {"C02X", "mac-1", "", "", "", {}})}, true).value().devices_new == 1);
}

TEST_CASE("the inventory survives a restart", "[inventory]") {
  LedgerFixture fixture;
  REQUIRE(fixture.ledger->import_inventory({line(2, {"C02X", "mac-1", "", "", "", {kMac}})}, false).has_value());
  fixture.open();
  const auto again = fixture.ledger->import_inventory({line(2, {"C02X", "mac-1", "", "", "", {kMac}})}, false).value();
  CHECK(again.devices_unchanged == 1);
  CHECK(again.changes.empty());
}

TEST_CASE("a hardware address stays with the device that had it", "[inventory]") {
  LedgerFixture fixture;
  const auto import =
      fixture.ledger
          ->import_inventory({line(2, {"C1", "", "", "", "", {kMac}}), line(3, {"C2", "", "", "", "", {kMac}})}, false)
          .value();
  CHECK(import.devices_new == 2);
  REQUIRE(import.problems.size() == 1);
  CHECK(import.problems[0].line == 3);
  CHECK(import.problems[0].what.find("belongs to C1") != std::string::npos);
}

TEST_CASE("a device without a token is known by its hardware address, a token by itself", "[inventory]") {
  LedgerFixture fixture;
  fixture.neighbours = {{address("192.0.2.7"), kMac}};
  fixture.open();
  REQUIRE(fixture.ledger->import_inventory({line(2, {"C9", "lab-9", "", "", "Lab", {kMac}})}, false).has_value());
  FetchRecord nameless = outlook();
  nameless.token.clear();
  fixture.record({nameless, outlook()});
  Filter lab;
  lab.group = "Lab";
  const auto page = fixture.ledger->devices(lab).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].id == "mac:aa:bb:cc:00:01:02");
  CHECK(page.items[0].serial == "C9");
  CHECK(fixture.ledger->device("C02X").value().device.serial.empty());
}

}  // namespace
}  // namespace larder::reports
