// SPDX-License-Identifier: MIT
#include "reports/device_system.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using std::chrono::seconds;

FetchRecord saying(SystemSaid said, seconds when) {
  FetchRecord record = outlook();
  record.system = std::move(said);
  record.time = at(when);
  return record;
}

const SystemSaid kLocated{"macOS", "26.3.1", "25D771", SystemEvidence::locate};
const SystemSaid kDarwin{"macOS", "26.3", "", SystemEvidence::darwin};
const SystemSaid kVague{"iOS or macOS", "", "", SystemEvidence::darwin};

DeviceRow after(const std::vector<FetchRecord>& records) {
  const LedgerFixture fixture;
  fixture.record(records);
  return fixture.ledger->device("C02X").value().device;
}

TEST_CASE("a lower bound does not take the place of an exact version") {
  std::vector<FetchRecord> records{saying(kLocated, seconds(0)), saying(kDarwin, seconds(1)),
                                   saying(kVague, seconds(2))};
  for (int order = 0; order < 6; ++order) {
    std::rotate(records.begin(), records.begin() + 1, records.end());
    if (order == 3) std::swap(records[0], records[1]);
    const DeviceRow device = after(records);
    CHECK(device.os == "macOS");
    CHECK(device.os_version == "26.3.1");
    CHECK(device.os_build == "25D771");
    CHECK(device.os_evidence == SystemEvidence::locate);
    CHECK_FALSE(device.os_at_least);
    CHECK(device.os_time == at(seconds(0)));
  }
}

TEST_CASE("a newer and higher bound shows that the device has been updated since") {
  const SystemSaid newer{"macOS", "26.4", "", SystemEvidence::darwin};
  const DeviceRow device = after({saying(kLocated, seconds(0)), saying(newer, seconds(1))});
  CHECK(device.os_version == "26.4");
  CHECK(device.os_at_least);
  CHECK(device.os_build.empty());
  CHECK(device.os_evidence == SystemEvidence::darwin);
  CHECK(device.os_time == at(seconds(1)));
  const DeviceRow older = after({saying(newer, seconds(0)), saying(kLocated, seconds(1))});
  CHECK(older.os_version == "26.3.1");
}

TEST_CASE("a device that was put back to an older version runs that") {
  const SystemSaid old{"macOS", "15.7", "24G222", SystemEvidence::locate};
  CHECK(after({saying(kLocated, seconds(0)), saying(old, seconds(1))}).os_version == "15.7");
}

TEST_CASE("a word without a version keeps what is known of it") {
  const SystemSaid mac{"macOS", "", "", SystemEvidence::user_agent};
  const DeviceRow device = after({saying(kDarwin, seconds(0)), saying(mac, seconds(1))});
  CHECK(device.os == "macOS");
  CHECK(device.os_version == "26.3");
  CHECK(device.os_at_least);
  const SystemSaid windows{"Windows", "", "", SystemEvidence::user_agent};
  const DeviceRow other = after({saying(kLocated, seconds(0)), saying(windows, seconds(1))});
  CHECK(other.os == "Windows");
  CHECK(other.os_version.empty());
}

TEST_CASE("who asks for a delta of its system runs at least what that starts from") {
  FetchRecord delta = saying(kVague, seconds(0));
  delta.subject.edit().product = "macOS";
  delta.subject.edit().version = "26.4";
  delta.subject.edit().kind = FileKind::delta;
  delta.subject.edit().from_version = "26.3.1";
  const DeviceRow device = after({delta});
  CHECK(device.os == "macOS");
  CHECK(device.os_version == "26.3.1");
  CHECK(device.os_at_least);
  CHECK(device.os_evidence == SystemEvidence::delta);
  delta.subject.edit().product = "Microsoft Word";
  CHECK(after({delta}).os == "iOS or macOS");
}

TEST_CASE("no part of a system's bytes is a system, and an unknown evidence is none") {
  StoredWriter out;
  encode_system({1, 300, 2, SystemEvidence::locate}, out);
  SystemIds back;
  for (std::size_t length = 0; length < out.view().size(); ++length) {
    StoredReader in(out.view().substr(0, length));
    CHECK_FALSE((decode_system(in, back) && in.done()));
  }
  StoredReader whole(out.view());
  REQUIRE(decode_system(whole, back));
  CHECK(back == SystemIds{1, 300, 2, SystemEvidence::locate});
  std::string strange(out.view());
  strange.back() = 9;
  StoredReader in(strange);
  CHECK_FALSE(decode_system(in, back));
}

}  // namespace
}  // namespace larder::reports
