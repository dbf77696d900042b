// SPDX-License-Identifier: MIT
#include "reports/dhcp_leases.h"

#include <catch2/catch.hpp>

#include <fstream>

#include "ledger_fixture.h"
#include "reports/lease_files.h"

namespace larder::reports {
namespace {

constexpr Mac kFirst{0xAA, 0xBB, 0xCC, 0, 0, 1}, kSecond{0xAA, 0xBB, 0xCC, 0, 0, 2};
const WallTime kNow{std::chrono::seconds(1'790'000'000)};  // 2026-09-21 14:13:20 UTC

using Leases = std::vector<DhcpLease>;

TEST_CASE("dnsmasq's leases are read, for IPv4 and IPv6") {
  const Leases leases = read_dhcp_leases(
      "1790003600 aa:bb:cc:00:00:01 192.0.2.7 annas-mac 01:aa:bb:cc:00:00:01\n"
      "0 aa:bb:cc:00:00:02 192.0.2.8 * *\n"
      "1789999999 aa:bb:cc:00:00:03 192.0.2.9 gone *\n"
      "duid 00:01:00:01:2a:00:00:00:aa:bb:cc:00:00:09\n"
      "1790003600 17 2001:db8::7 annas-mac 00:01:00:01:2a:00:00:00:aa:bb:cc:00:00:01\n"
      "1790003600 18 2001:db8::8 other 00:02:00:00:ab:11:01\n",
      kNow);
  CHECK(leases == Leases{{address("192.0.2.7"), kFirst, "annas-mac"},
                         {address("192.0.2.8"), kSecond, ""},
                         {address("2001:db8::7"), kFirst, "annas-mac"}});
}

TEST_CASE("Kea's leases are read, the last entry for an address counts") {
  const Leases leases = read_dhcp_leases(
      "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id\n"
      "192.0.2.7,aa:bb:cc:00:00:02,,3600,1790003600,1,0,0,first.example.org.,0,,0\n"
      "192.0.2.7,aa:bb:cc:00:00:01,01:aa,3600,1790007200,1,0,0,annas-mac.example.org.,0,,0\n"
      "192.0.2.8,aa:bb:cc:00:00:02,,3600,1790003600,1,0,0,,0,,0\n"
      "192.0.2.8,aa:bb:cc:00:00:02,,3600,1790003600,1,0,0,,2,,0\n"
      "192.0.2.9,,,3600,1790003600,1,0,0,no-hardware,0,,0\n",
      kNow);
  CHECK(leases == Leases{{address("192.0.2.7"), kFirst, "annas-mac.example.org"}});
  const Leases six = read_dhcp_leases(
      "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,"
      "hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id\n"
      "2001:db8::7,00:03:00:01:aa:bb:cc:00:00:01,3600,1790003600,1,1800,0,1,128,0,0,a,,0,,,,0\n"
      "2001:db8::8,00:02:ab,3600,1790003600,1,1800,0,1,128,0,0,b,aa:bb:cc:00:00:02,0,,1,2,0\n",
      kNow);
  CHECK(six == Leases{{address("2001:db8::7"), kFirst, "a"}, {address("2001:db8::8"), kSecond, "b"}});
}

TEST_CASE("ISC dhcpd's leases are read, what is not active is none") {
  const Leases leases = read_dhcp_leases(R"(# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;

lease 192.0.2.7 {
  starts 1 2026/09/21 13:00:00;
  ends 1 2026/09/21 15:00:00;
  binding state active;
  next binding state free;
  hardware ethernet aa:bb:cc:00:00:01;
  uid "\001\252";
  client-hostname "annas-mac";
}
lease 192.0.2.8 {
  ends never;
  binding state active;
  hardware ethernet aa:bb:cc:00:00:02;
}
lease 192.0.2.9 {
  ends epoch 1790003600; # a comment
  binding state free;
  hardware ethernet aa:bb:cc:00:00:03;
}
lease 192.0.2.10 {
  ends 1 2026/09/21 14:00:00;
  binding state active;
  hardware ethernet aa:bb:cc:00:00:04;
}
lease 192.0.2.11 {
  ends never;
)",
                                         kNow);
  CHECK(leases == Leases{{address("192.0.2.7"), kFirst, "annas-mac"}, {address("192.0.2.8"), kSecond, ""}});
}

TEST_CASE("what is no lease file has no leases") {
  for (const char* text : {"", "\n", "lease", "lease x {\n}\n", "address,\n,,,\n", "1 2 3 4\n", "\xff\x00\n"}) {
    CHECK(read_dhcp_leases(text, kNow).empty());
  }
}

struct LeaseFile : LedgerFixture {
  std::filesystem::path file = directory.path() / "dnsmasq.leases";

  void write(const std::string& text) const { std::ofstream(file) << text; }
  std::unique_ptr<Ledger> with_leases() {
    ledger.reset();
    return Ledger::open(options, clock,
                        with_lease_files(std::make_unique<KnownNeighbours>(neighbours), {file, "/nowhere"}, clock))
        .value();
  }
};

TEST_CASE("a device beyond a router is known by its DHCP lease") {
  LeaseFile fixture;
  fixture.write("0 aa:bb:cc:00:00:01 192.0.2.7 annas-mac *\n");
  const auto ledger = fixture.with_leases();
  FetchRecord record = outlook();
  record.token.clear();
  ledger->record({record});
  ledger->flush();
  const DeviceRow device = ledger->device("mac:aa:bb:cc:00:00:01").value().device;
  CHECK(device.evidence == DeviceEvidence::dhcp);
  CHECK(device.mac == "aa:bb:cc:00:00:01");
  CHECK(device.host_name == "annas-mac");

  fixture.write("0 aa:bb:cc:00:00:02 192.0.2.7 bens-mac *\n");
  fixture.clock.advance(std::chrono::seconds(30));
  ledger->record({record});
  ledger->flush();
  CHECK(ledger->device("mac:aa:bb:cc:00:00:02").value().device.host_name == "bens-mac");
}

TEST_CASE("what the kernel knows goes before a DHCP lease, which may add the name") {
  LeaseFile fixture;
  fixture.neighbours = {{address("192.0.2.7"), kFirst}, {address("192.0.2.8"), kFirst}};
  fixture.write("0 aa:bb:cc:00:00:01 192.0.2.7 annas-mac *\n0 aa:bb:cc:00:00:02 192.0.2.8 bens-mac *\n");
  const auto ledger = fixture.with_leases();
  FetchRecord record = outlook();
  record.token.clear();
  ledger->record({record});
  ledger->flush();
  DeviceRow device = ledger->device("mac:aa:bb:cc:00:00:01").value().device;
  CHECK(device.evidence == DeviceEvidence::mac);
  CHECK(device.host_name == "annas-mac");
  record.client = address("192.0.2.8");
  ledger->record({record});
  ledger->flush();
  device = ledger->device("mac:aa:bb:cc:00:00:01").value().device;
  CHECK(device.requests == 2);
  CHECK(device.host_name == "annas-mac");
}

}  // namespace
}  // namespace larder::reports
