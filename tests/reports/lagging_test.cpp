// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "ledger_fixture.h"
#include "reports/inventory.h"

namespace larder::reports {
namespace {

using std::chrono::hours;

FetchRecord fetched(const std::string& device, const std::string& version, std::chrono::microseconds when = {}) {
  FetchRecord record = outlook();
  record.token = device;
  record.subject.edit().version = version;
  record.subject.edit().url += version;
  record.system = {};
  record.time = at(when);
  return record;
}

TEST_CASE("who has an older version than a catalogue lists is behind", "[lagging]") {
  const LedgerFixture fixture;
  fixture.record({fetched("A", "16.107"), fetched("B", "16.109"), fetched("C", "16.110")});
  const std::vector<KnownRelease> known{{"Microsoft Outlook", "16.109", at(-hours(72))},
                                        {"Microsoft Outlook", "16.108", at(-hours(24 * 10))},
                                        {"Microsoft Outlook", "16.107", at(-hours(24 * 30))},
                                        {"Something Else", "9", {}}};
  const auto page = fixture.ledger->lagging({}, known).value();
  REQUIRE(page.items.size() == 1);
  const LaggingRow& row = page.items[0];
  CHECK(row.device == "A");
  CHECK(row.product == "Microsoft Outlook");
  CHECK(row.version == "16.107");
  CHECK(row.newest_version == "16.109");
  CHECK(row.releases_behind == 2);
  CHECK(row.days_behind == 10);
  CHECK(row.last_seen == at({}));
}

TEST_CASE("what no catalogue lists is measured by what others have fetched", "[lagging]") {
  const LedgerFixture fixture;
  fixture.record({fetched("A", "16.107"), fetched("B", "16.109", -hours(47))});
  const auto page = fixture.ledger->lagging({}, {}).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].device == "A");
  CHECK(page.items[0].newest_version == "16.109");
  CHECK(page.items[0].days_behind == 2);
}

TEST_CASE("what some devices try out, the others do not lack", "[lagging]") {
  const LedgerFixture fixture;
  fixture.record({fetched("A", "26.2"), fetched("B", "26.3 beta 2"), fetched("C", "26.1")});
  const auto page = fixture.ledger->lagging({}, {}).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].device == "C");
  CHECK(page.items[0].newest_version == "26.2");
  CHECK(page.items[0].releases_behind == 1);
}

TEST_CASE("what has come in part only is not had", "[lagging]") {
  const LedgerFixture fixture;
  FetchRecord part = fetched("A", "16.109");
  part.bytes_sent = 10;
  part.sent_ranges = {{0, 10}};
  fixture.record({fetched("A", "16.107"), part, fetched("B", "16.109")});
  const auto page = fixture.ledger->lagging({}, {}).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].device == "A");
  CHECK(page.items[0].version == "16.107");
}

TEST_CASE("a device says of itself what it runs", "[lagging]") {
  const LedgerFixture fixture;
  FetchRecord record = outlook();
  record.system = {"macOS", "26.0", "25A354", SystemEvidence::locate};
  fixture.record({record});
  const auto page = fixture.ledger->lagging({}, {{"macOS", "26.1", {}}, {"macOS", "15.7", {}}}).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].product == "macOS");
  CHECK(page.items[0].version == "26.0");
  CHECK(page.items[0].releases_behind == 1);
}

// macOS 15.6 and 15.7 are both Darwin 24.6.
TEST_CASE("of a lower bound only a newer major version is lacking for sure", "[lagging]") {
  const LedgerFixture fixture;
  FetchRecord record = outlook();
  record.system = {"macOS", "15.6", "", SystemEvidence::darwin};
  fixture.record({record});
  CHECK(fixture.ledger->lagging({}, {{"macOS", "15.7", {}}}).value().items.empty());
  const auto page =
      fixture.ledger->lagging({}, {{"macOS", "26.1", {}}, {"macOS", "26.0", {}}, {"macOS", "15.7", {}}}).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].version == "15.6");
  CHECK(page.items[0].releases_behind == 2);
}

TEST_CASE("the inventory's devices are there though never seen, and one device though of two ids", "[lagging]") {
  constexpr Mac kMac{0xAA, 0xBB, 0xCC, 0, 1, 2};
  LedgerFixture fixture;
  fixture.neighbours = {{address("192.0.2.7"), kMac}};
  fixture.open();
  const std::vector<InventoryLine> lines{{2, {"C02X", "one", "", "", "Staff", {kMac}}},
                                         {3, {"NEVER", "two", "", "", "Lab", {}}}};
  REQUIRE(fixture.ledger->import_inventory(lines, false).has_value());
  FetchRecord by_address = fetched("", "16.109");
  fixture.record({fetched("C02X", "16.107"), by_address});
  const auto page = fixture.ledger->lagging({}, {}).value();
  REQUIRE(page.items.size() == 1);  // C02X has the newest, by its address
  CHECK(page.items[0].device == "NEVER");
  CHECK(page.items[0].name == "two");
  CHECK(page.items[0].product.empty());
  CHECK(page.items[0].last_seen == WallTime());
  Filter staff;
  staff.group = "Staff";
  CHECK(fixture.ledger->lagging(staff, {}).value().items.empty());
}

TEST_CASE("a span of time leaves out who asked for nothing in it, and the inventory's never seen", "[lagging]") {
  const LedgerFixture fixture;
  REQUIRE(fixture.ledger->import_inventory({{2, {"NEVER", "", "", "", "", {}}}}, false).has_value());
  fixture.record({fetched("GONE", "16.107", -hours(24 * 40)), fetched("HERE", "16.107", -hours(24 * 40)),
                  fetched("NEW", "16.109", -hours(1)), fetched("HERE", "16.106", -hours(2))});
  const auto devices = [&](std::optional<WallTime> from, std::optional<WallTime> to) {
    Filter filter;
    filter.from = from;
    filter.to = to;
    std::vector<std::string> seen;
    const auto page = fixture.ledger->lagging(filter, {}).value();
    for (const LaggingRow& row : page.items) seen.push_back(row.device);
    return seen;
  };
  using Devices = std::vector<std::string>;
  CHECK(devices({}, {}) == Devices{"GONE", "HERE", "NEVER"});
  CHECK(devices(at(-hours(24)), {}) == Devices{"HERE"});
  CHECK(devices({}, at(-hours(24))) == Devices{"GONE", "HERE"});
  CHECK(devices(at(-hours(24 * 39)), at(-hours(24))).empty());
  CHECK(devices(at(-hours(3)), at(-hours(2) + std::chrono::seconds(1))) == Devices{"HERE"});
  CHECK(devices(at({}), at(-hours(1))).empty());
}

TEST_CASE("lagging devices come in pages that fit together", "[lagging]") {
  const LedgerFixture fixture;
  std::vector<FetchRecord> fetches{fetched("Z", "2")};
  for (int i = 0; i < 25; ++i) fetches.push_back(fetched("D" + std::to_string(100 + i), "1"));
  fixture.record(fetches);
  Filter filter;
  filter.limit = 7;
  std::vector<std::string> seen;
  do {
    const auto page = fixture.ledger->lagging(filter, {}).value();
    for (const LaggingRow& row : page.items) seen.push_back(row.device);
    filter.cursor = page.next_cursor;
  } while (!filter.cursor.empty());
  REQUIRE(seen.size() == 25);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  filter.cursor = "not a cursor";
  CHECK_FALSE(fixture.ledger->lagging(filter, {}).has_value());
}

}  // namespace
}  // namespace larder::reports
