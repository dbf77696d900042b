// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Mac kMac{0xAA, 0xBB, 0xCC, 0, 1, 2};

FetchRecord without_token() {
  FetchRecord record = outlook();
  record.token.clear();
  return record;
}

TEST_CASE("a device is its token, the same one from a new address") {
  const LedgerFixture fixture;
  FetchRecord moved = outlook();
  moved.time = at(seconds(5));
  moved.client = address("2001:db8::5");
  fixture.record({outlook(), moved});
  const auto page = fixture.ledger->devices({}).value();
  REQUIRE(page.items.size() == 1);
  const DeviceRow& device = page.items[0];
  CHECK(device.id == "C02X");
  CHECK(device.evidence == DeviceEvidence::token);
  CHECK(device.address == "2001:db8::5");
  CHECK(device.os == "macOS");
  CHECK(device.os_version == "26.0");
  CHECK(device.requests == 2);
  CHECK(device.bytes_sent == 2000);
  CHECK(device.first_seen == at({}));
  CHECK(device.last_seen == at(seconds(5)));
}

TEST_CASE("without a token a device is its hardware address, else its address") {
  LedgerFixture fixture;
  fixture.neighbours = {{address("192.0.2.7"), kMac}};
  fixture.open();
  FetchRecord stranger = without_token();
  stranger.client = address("198.51.100.1");
  FetchRecord user = outlook();
  user.token = "mdm-user";
  user.token_from = DeviceEvidence::proxy_user;
  fixture.record({without_token(), stranger, user});
  const auto page = fixture.ledger->devices({}).value();
  REQUIRE(page.items.size() == 3);
  CHECK(page.items[0].id == "198.51.100.1");
  CHECK(page.items[0].evidence == DeviceEvidence::address);
  CHECK(page.items[1].id == "mac:aa:bb:cc:00:01:02");
  CHECK(page.items[1].evidence == DeviceEvidence::mac);
  CHECK(page.items[2].id == "mdm-user");
  CHECK(page.items[2].evidence == DeviceEvidence::proxy_user);
  CHECK(page.items[2].mac == "aa:bb:cc:00:01:02");
}

TEST_CASE("the neighbour table is read again after half a minute, not before") {
  LedgerFixture fixture;
  class Counting final : public Neighbours {
   public:
    explicit Counting(int* reads) : reads_(reads) {}
    std::vector<Neighbour> read() override {
      ++*reads_;
      return {};
    }

   private:
    int* reads_;
  };
  int reads = 0;
  fixture.ledger.reset();
  fixture.ledger = Ledger::open(fixture.options, fixture.clock, std::make_unique<Counting>(&reads)).value();
  fixture.record({without_token()});
  fixture.clock.advance(seconds(29));
  fixture.record({without_token()});
  CHECK(reads == 1);
  fixture.clock.advance(seconds(1));
  fixture.record({without_token()});
  fixture.ledger.reset();
  CHECK(reads == 2);
}

TEST_CASE("the newest operating system a device told of stays, an unknown one does not erase it") {
  const LedgerFixture fixture;
  FetchRecord newer = outlook();
  newer.time = at(seconds(2));
  newer.system.version = "26.1";
  FetchRecord silent = outlook();
  silent.time = at(seconds(3));
  silent.system = {};
  FetchRecord late = outlook();
  late.time = at(seconds(1));
  fixture.record({outlook(), newer, silent, late});
  CHECK(fixture.ledger->device("C02X").value().device.os_version == "26.1");
}

TEST_CASE("a device's newest hundred fetches are told as they were recorded, newest first") {
  const LedgerFixture fixture;
  std::vector<FetchRecord> records;
  for (int i = 0; i < 130; ++i) {
    records.push_back(outlook());
    records.back().time = at(seconds(i));
    records.push_back(outlook());
    records.back().token = "C02Y";
  }
  FetchRecord last = piece(5, 900);
  last.time = at(seconds(500));
  last.client = address("2001:db8::5");
  last.subject.edit().from_version = "16.108";
  last.subject.edit().kind = FileKind::delta;
  last.sent_ranges = {{5, 10}, {20, 900}};
  records.push_back(last);
  fixture.record(records);
  const auto recent = fixture.ledger->device("C02X").value().recent;
  REQUIRE(recent.size() == 100);
  CHECK(recent[0].time == last.time);
  CHECK(recent[0].duration == last.duration);
  CHECK(recent[0].client == last.client);
  CHECK(recent[0].token == "C02X");
  CHECK(recent[0].subject->url == last.subject->url);
  CHECK(recent[0].subject->product == last.subject->product);
  CHECK(recent[0].subject->build == last.subject->build);
  CHECK(recent[0].subject->from_version == "16.108");
  CHECK(recent[0].subject->kind == FileKind::delta);
  CHECK(recent[0].status == 206);
  CHECK(recent[0].object_bytes == 1000);
  CHECK(recent[0].bytes_asked == 895);
  CHECK(recent[0].bytes_sent == 895);
  CHECK(recent[0].sent_ranges == last.sent_ranges);
  CHECK(recent[0].system.os == "macOS");
  CHECK(recent[1].time == at(seconds(129)));
  CHECK(recent[99].time == at(seconds(31)));
}

TEST_CASE("devices come page by page in the order of their ids") {
  const LedgerFixture fixture;
  std::vector<FetchRecord> records;
  for (const char* token : {"D", "A", "C", "B", "E"}) {
    records.push_back(outlook());
    records.back().token = token;
  }
  fixture.record(records);
  Filter filter;
  filter.limit = 2;
  std::string seen;
  do {
    const auto page = fixture.ledger->devices(filter).value();
    for (const DeviceRow& row : page.items) seen += row.id;
    filter.cursor = page.next_cursor;
  } while (!filter.cursor.empty());
  CHECK(seen == "ABCDE");
}

TEST_CASE("a window or a product narrows devices and their sums") {
  const LedgerFixture fixture;
  FetchRecord word = outlook();
  word.subject.edit().product = "Word";
  word.time = at(hours(3));
  word.bytes_sent = 10;
  FetchRecord other = outlook();
  other.token = "C02Y";
  fixture.record({outlook(), word, other});
  Filter filter;
  filter.product = "Word";
  auto page = fixture.ledger->devices(filter).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].bytes_sent == 10);
  CHECK(page.items[0].first_seen == word.time);
  filter = {};
  filter.to = at(hours(1));
  page = fixture.ledger->devices(filter).value();
  REQUIRE(page.items.size() == 2);
  CHECK(page.items[0].requests == 1);
  CHECK(page.items[0].bytes_sent == 1000);
}

TEST_CASE("the kernel's neighbour table can be read") {
  for (const Neighbour& neighbour : kernel_neighbours()->read()) CHECK(neighbour.mac != Mac{});
}

}  // namespace
}  // namespace larder::reports
