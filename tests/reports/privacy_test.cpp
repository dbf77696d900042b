// SPDX-License-Identifier: MIT
// What of devices is kept, how it is called, and for how long.
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "random_fetches.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Mac kMac{0xAA, 0xBB, 0xCC, 0, 1, 2};

struct PseudonymFixture : LedgerFixture {
  PseudonymFixture() {
    options.naming = Naming::pseudonyms;
    options.lease = hours(12);
    neighbours = {{address("192.0.2.9"), kMac, NeighbourFrom::dhcp, "annas-mac"}};
    open();
  }
  std::vector<DeviceRow> devices() const { return ledger->devices({}).value().items; }
};

FetchRecord from(const std::string& client, const std::string& token, Entrance entrance, hours when = hours(0)) {
  FetchRecord record = outlook();
  record.client = address(client);
  record.token = token;
  record.entrance = entrance;
  record.time = at(when);
  return record;
}

TEST_CASE("under pseudonyms devices are counted, and nothing on record names one", "[privacy]") {
  PseudonymFixture fixture;
  fixture.record({from("192.0.2.7", "C02SECRET", Entrance::update_cache), from("192.0.2.8", "", Entrance::proxy),
                  from("192.0.2.9", "", Entrance::proxy), from("192.0.2.6", "C02SECRET", Entrance::update_cache)});
  const auto rows = fixture.devices();
  REQUIRE(rows.size() == 3);
  std::uint64_t requests = 0;
  for (const DeviceRow& row : rows) {
    CHECK((row.id.starts_with("p:") || row.id.starts_with("fd")));
    CHECK(row.address.starts_with("fd"));
    CHECK(row.mac.empty());
    CHECK(row.host_name.empty());
    requests += row.requests;
    const auto recent = fixture.ledger->device(row.id).value().recent;
    CHECK_FALSE(recent.empty());
    for (const FetchRecord& fetch : recent) {
      CHECK(fetch.client.text().starts_with("fd"));
    }
  }
  CHECK(requests == 4);
  CHECK(fixture.ledger->versions({}).value().items.at(0).devices_complete == 3);
  CHECK_FALSE(fixture.ledger->device("C02SECRET"));

  fixture.ledger.reset();
  std::ifstream file(fixture.options.path / "data.mdb", std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  for (const std::string_view secret : {"C02SECRET", "annas-mac", "aa:bb:cc"})
    CHECK(bytes.find(secret) == std::string::npos);
  for (const char last : {'\x06', '\x07', '\x08', '\x09'})
    CHECK(bytes.find(std::string{'\xC0', '\x00', '\x02', last}) == std::string::npos);
}

TEST_CASE("a pseudonym stays over a restart, and is another after a month", "[privacy]") {
  PseudonymFixture fixture;
  const FetchRecord record = from("192.0.2.7", "C02X", Entrance::update_cache);
  fixture.record({record});
  fixture.open();
  fixture.record({record});
  REQUIRE(fixture.devices().size() == 1);
  const std::string before = fixture.devices()[0].id;
  CHECK(fixture.devices()[0].requests == 2);
  fixture.clock.advance(std::chrono::days(30));
  fixture.record({record});
  CHECK(fixture.devices().size() == 2);
  CHECK(fixture.ledger->device(before).value().device.requests == 2);
}

TEST_CASE("under pseudonyms an address is taken for a device as well, and claimed", "[privacy]") {
  const PseudonymFixture fixture;
  fixture.record({from("192.0.2.7", "", Entrance::proxy)});
  fixture.record({from("192.0.2.7", "C02X", Entrance::helper, hours(1))});
  fixture.record({from("192.0.2.7", "", Entrance::proxy, hours(2))});
  const auto rows = fixture.devices();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].requests == 3);
}

TEST_CASE("a device that is not seen for long is forgotten", "[privacy]") {
  LedgerFixture fixture;
  fixture.options.device_retention = hours(24 * 30);
  FetchRecord old = outlook();
  FetchRecord newer = outlook();
  newer.token = "C02Y";
  newer.time = at(hours(24));
  fixture.record({old, newer});
  fixture.clock.advance(hours(24 * 30));
  fixture.open();  // the first thing it does is to look for such
  fixture.record({});
  const auto rows = fixture.ledger->devices({}).value().items;
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].id == "C02Y");
  CHECK(fixture.ledger->summary({}).value().requests == 2);
  CHECK(fixture.ledger->versions({}).value().items.at(0).devices_complete == 1);
  old.time = at(hours(24 * 30));
  fixture.record({old});
  CHECK(fixture.ledger->device("C02X").value().device.requests == 1);
}

}  // namespace
}  // namespace larder::reports
