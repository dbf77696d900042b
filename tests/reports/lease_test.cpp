// SPDX-License-Identifier: MIT
// What is asked for without a name, from an address from which a device has named itself.
#include <catch2/catch.hpp>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Mac kMac{0xAA, 0xBB, 0xCC, 0, 1, 2};

struct LeaseFixture : LedgerFixture {
  LeaseFixture() {
    options.lease = hours(12);
    open();
  }
  std::uint64_t requests_of(const std::string& id) const {
    const auto detail = ledger->device(id);
    return detail ? detail->device.requests : 0;
  }
};

TEST_CASE("an address is taken for the device that fetched its PAC file from there, for a while", "[lease]") {
  const LeaseFixture fixture;
  const FetchRecord pac = from("192.0.2.7", "C02X", {});
  fixture.record(
      {pac, from("192.0.2.7", "", hours(1)), from("192.0.2.7", "", hours(13)), from("192.0.2.8", "", hours(1))});
  CHECK(fixture.requests_of("C02X") == 2);
  CHECK(fixture.requests_of("192.0.2.7") == 1);
  CHECK(fixture.requests_of("192.0.2.8") == 1);
  const auto recent = fixture.ledger->device("C02X").value().recent;
  REQUIRE(recent.size() == 2);
  CHECK(recent[0].token_from == DeviceEvidence::lease);
  CHECK(fixture.ledger->device("C02X").value().device.evidence == DeviceEvidence::token);
}

TEST_CASE("a request without a name may be on record before the one that names the device", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({from("192.0.2.7", "", std::chrono::milliseconds(40)), from("192.0.2.7", "C02X", {})});
  CHECK(fixture.requests_of("C02X") == 2);
}

TEST_CASE("a token in the URL of an update says nothing of other requests", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({outlook(), from("192.0.2.7", "", hours(1))});
  CHECK(fixture.requests_of("C02X") == 1);
  CHECK(fixture.requests_of("192.0.2.7") == 1);
}

TEST_CASE("a lease outlives a restart", "[lease]") {
  LeaseFixture fixture;
  fixture.record({from("2001:db8::7", "C02X", {})});
  fixture.open();
  fixture.record({from("2001:db8::7", "", hours(1))});
  CHECK(fixture.requests_of("C02X") == 2);
}

TEST_CASE("who names itself where another did not long ago is not guessed until one has left", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({from("192.0.2.7", "A", {}), from("192.0.2.7", "B", hours(2))});
  fixture.record({from("192.0.2.7", "", hours(2) + seconds(5))});
  CHECK(fixture.requests_of("192.0.2.7") == 1);
  fixture.record({from("192.0.2.8", "A", hours(3)), from("192.0.2.7", "", hours(3) + seconds(5))});
  CHECK(fixture.requests_of("A") == 2);
  CHECK(fixture.requests_of("B") == 3);
  CHECK(fixture.requests_of("192.0.2.7") == 0);
}

TEST_CASE("who has left an address before another came has left it", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({from("192.0.2.7", "A", {}), from("192.0.2.8", "A", hours(1)), from("192.0.2.7", "", hours(2))});
  CHECK(fixture.requests_of("192.0.2.7") == 1);
  fixture.record({from("192.0.2.7", "B", hours(3)), from("192.0.2.7", "", hours(4))});
  CHECK(fixture.requests_of("A") == 2);
  CHECK(fixture.requests_of("B") == 3);
  CHECK(fixture.requests_of("192.0.2.7") == 0);
}

TEST_CASE("an address of the other family is no other place", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({from("192.0.2.7", "A", {}), from("2001:db8::7", "A", hours(1)), from("192.0.2.7", "", hours(2)),
                  from("2001:db8::7", "", hours(2))});
  CHECK(fixture.requests_of("A") == 4);
}

TEST_CASE("who stays silent while another names itself again has left", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({from("192.0.2.7", "A", {}), from("192.0.2.7", "B", hours(1)), from("192.0.2.7", "", hours(2))});
  CHECK(fixture.requests_of("192.0.2.7") == 1);
  fixture.record({from("192.0.2.7", "B", hours(3)), from("192.0.2.7", "", hours(4))});
  CHECK(fixture.requests_of("A") == 1);
  CHECK(fixture.requests_of("B") == 4);
}

TEST_CASE("other hardware behind an address shows that it was handed over", "[lease]") {
  LeaseFixture fixture;
  fixture.neighbours = {{address("192.0.2.7"), kMac}};
  fixture.open();
  fixture.record({from("192.0.2.7", "A", {})});
  fixture.neighbours = {{address("192.0.2.7"), Mac{2, 2, 2, 2, 2, 2}}};
  fixture.open();
  fixture.record({from("192.0.2.7", "B", hours(1)), from("192.0.2.7", "", hours(2))});
  CHECK(fixture.requests_of("B") == 2);
}

TEST_CASE("a device claims what was asked for from its address before it named itself", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({from("192.0.2.7", "", {}), from("192.0.2.7", "", hours(1)), from("192.0.2.9", "", hours(1))});
  CHECK(fixture.requests_of("192.0.2.7") == 2);
  fixture.record({from("192.0.2.7", "C02X", hours(1) + seconds(5))});
  CHECK(fixture.requests_of("192.0.2.7") == 0);
  CHECK(fixture.requests_of("192.0.2.9") == 1);
  const auto detail = fixture.ledger->device("C02X").value();
  CHECK(detail.device.requests == 3);
  CHECK(detail.device.first_seen == at({}));
  REQUIRE(detail.recent.size() == 3);
  CHECK(detail.recent[2].token_from == DeviceEvidence::lease);
  REQUIRE(detail.products.size() == 1);
  CHECK(detail.products[0].complete);
  CHECK(fixture.ledger->versions({}).value().items.at(0).devices_complete == 2);
}

TEST_CASE("nothing is claimed of longer than a lease ago", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({from("192.0.2.7", "", {}), from("192.0.2.7", "", hours(2))});
  fixture.record({from("192.0.2.7", "C02X", hours(13))});
  CHECK(fixture.requests_of("192.0.2.7") == 1);
  CHECK(fixture.requests_of("C02X") == 2);
  const auto left = fixture.ledger->device("192.0.2.7").value();
  CHECK(left.device.last_seen == at({}));
  REQUIRE(left.recent.size() == 1);
  CHECK(left.products.at(0).last_fetch == at({}));
}

TEST_CASE("a device known by its hardware address is claimed too", "[lease]") {
  LeaseFixture fixture;
  fixture.neighbours = {{address("192.0.2.7"), kMac}};
  fixture.open();
  fixture.record({from("192.0.2.7", "", {})});
  CHECK(fixture.requests_of("mac:aa:bb:cc:00:01:02") == 1);
  fixture.record({from("192.0.2.7", "C02X", seconds(5))});
  CHECK(fixture.requests_of("mac:aa:bb:cc:00:01:02") == 0);
  CHECK(fixture.requests_of("C02X") == 2);
}

TEST_CASE("two halves, one fetched before the device named itself, make a whole", "[lease]") {
  const LeaseFixture fixture;
  FetchRecord first = piece(0, 400);
  first.token.clear();
  FetchRecord second = piece(400, 1000);
  second.token.clear();
  second.time = at(seconds(2));
  fixture.record({first});
  FetchRecord pac = from("192.0.2.7", "C02X", seconds(1));
  pac.subject.edit().product.clear();
  fixture.record({pac, second});
  const VersionRow row = fixture.ledger->versions({}).value().items.at(0);
  CHECK(row.devices_complete == 1);
  CHECK(row.devices_partly == 0);
}

TEST_CASE("of two that name themselves in turn from one address none is guessed", "[lease]") {
  const LeaseFixture fixture;
  fixture.record({from("192.0.2.7", "A", {}), from("192.0.2.7", "B", hours(1)), from("192.0.2.7", "A", hours(2)),
                  from("192.0.2.7", "", hours(3))});
  CHECK(fixture.requests_of("A") == 2);
  CHECK(fixture.requests_of("B") == 1);
  CHECK(fixture.requests_of("192.0.2.7") == 1);
}

TEST_CASE("a lease says more than a hardware address, and less than a name", "[lease]") {
  CHECK(better_evidence(DeviceEvidence::proxy_user, DeviceEvidence::lease));
  CHECK(better_evidence(DeviceEvidence::lease, DeviceEvidence::mac));
  CHECK(better_evidence(DeviceEvidence::mac, DeviceEvidence::address));
  CHECK_FALSE(better_evidence(DeviceEvidence::address, DeviceEvidence::address));
}

}  // namespace
}  // namespace larder::reports
