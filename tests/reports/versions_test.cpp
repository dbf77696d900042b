// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

VersionRow only_version(const LedgerFixture& fixture, const Filter& filter = {}) {
  const auto page = fixture.ledger->versions(filter).value();
  REQUIRE(page.items.size() == 1);
  return page.items[0];
}

TEST_CASE("a device has fetched a version when its pieces cover the object") {
  const LedgerFixture fixture;
  fixture.record({piece(500, 1000)});
  CHECK(only_version(fixture).devices_complete == 0);
  CHECK(only_version(fixture).devices_partly == 1);
  CHECK(fixture.ledger->device("C02X").value().products.at(0).fraction == Approx(0.5));
  fixture.record({piece(0, 499)});
  CHECK(only_version(fixture).devices_complete == 0);
  fixture.record({piece(499, 500)});
  CHECK(only_version(fixture).devices_complete == 1);
  CHECK(only_version(fixture).devices_partly == 0);
  CHECK(only_version(fixture).bytes_sent == 1000);
  CHECK(only_version(fixture).requests == 3);
  CHECK(fixture.ledger->device("C02X").value().products.at(0).complete);
}

TEST_CASE("pieces sent to two devices make neither complete") {
  const LedgerFixture fixture;
  FetchRecord other = piece(0, 500);
  other.token = "C02Y";
  fixture.record({piece(500, 1000), other});
  CHECK(only_version(fixture).devices_complete == 0);
  CHECK(only_version(fixture).devices_partly == 2);
}

TEST_CASE("pieces of two objects of a version make it complete only when one object is covered") {
  const LedgerFixture fixture;
  FetchRecord other = piece(500, 1000);
  other.subject.edit().url = "https://origin.example/Outlook_16.109_to_16.110_Delta.pkg";
  other.subject.edit().kind = FileKind::delta;
  other.subject.edit().from_version = "16.108";
  fixture.record({piece(0, 500), other});
  CHECK(only_version(fixture).devices_complete == 0);
  other.sent_ranges = {{0, 500}};
  fixture.record({other});
  CHECK(only_version(fixture).devices_complete == 1);
  CHECK(only_version(fixture).devices_partly == 0);
}

TEST_CASE("an object that changed its size begins anew") {
  const LedgerFixture fixture;
  FetchRecord larger = piece(500, 1000);
  larger.object_bytes = 1200;
  fixture.record({piece(0, 500), larger});
  CHECK(only_version(fixture).devices_complete == 0);
}

TEST_CASE("an object of unknown size is complete only when all that was asked from its first byte was sent") {
  const LedgerFixture fixture;
  FetchRecord record = outlook();
  record.object_bytes = 0;
  record.complete = false;
  fixture.record({record});
  CHECK(only_version(fixture).devices_complete == 0);
  record.complete = true;
  record.sent_ranges = {{10, 1000}};
  fixture.record({record});
  CHECK(only_version(fixture).devices_complete == 0);
  record.sent_ranges = {{0, 1000}};
  fixture.record({record});
  CHECK(only_version(fixture).devices_complete == 1);
}

TEST_CASE("a request that was sent no bytes makes no device of a version") {
  const LedgerFixture fixture;
  FetchRecord record = outlook();
  record.bytes_sent = 0;
  record.sent_ranges.clear();
  record.status = 304;
  fixture.record({record});
  CHECK(only_version(fixture).devices_complete == 0);
  CHECK(only_version(fixture).devices_partly == 0);
  CHECK(only_version(fixture).requests == 1);
}

TEST_CASE("the body of an error is no part of a version") {
  const LedgerFixture fixture;
  FetchRecord gone = piece(0, 13);
  gone.status = 404;
  fixture.record({gone});
  const VersionRow row = fixture.ledger->versions({}).value().items.at(0);
  CHECK(row.requests == 1);
  CHECK(row.devices_partly == 0);
  CHECK(fixture.ledger->device("C02X").value().products.empty());
}

TEST_CASE("catalogues and what has no product make no row, a product without version does") {
  const LedgerFixture fixture;
  FetchRecord catalogue = outlook();
  catalogue.subject.edit().kind = FileKind::catalogue;
  FetchRecord nameless = outlook();
  nameless.subject.edit().product.clear();
  FetchRecord versionless = outlook();
  versionless.subject.edit().product = "MobileAsset MacSoftwareUpdate";
  versionless.subject.edit().version = versionless.subject.edit().build = "";
  versionless.subject.edit().kind = FileKind::other;
  FetchRecord own = outlook();
  own.subject.edit().product = "Fetched by Larder alone";
  own.entrance = Entrance::own;
  fixture.record({catalogue, nameless, versionless, own});
  const VersionRow row = only_version(fixture);
  CHECK(row.product == "MobileAsset MacSoftwareUpdate");
  CHECK(row.version.empty());
  CHECK(row.devices_complete == 1);
}

TEST_CASE("versions come by product, the newest first, page by page") {
  const LedgerFixture fixture;
  std::vector<FetchRecord> records;
  for (const char* version : {"16.99", "16.101", "16.100"}) {
    for (const char* product : {"Word", "Excel"}) {
      records.push_back(outlook());
      records.back().subject.edit().product = product;
      records.back().subject.edit().version = version;
    }
  }
  fixture.record(records);
  Filter filter;
  filter.limit = 2;
  std::vector<std::string> seen;
  do {
    const auto page = fixture.ledger->versions(filter).value();
    CHECK(page.items.size() <= 2);
    for (const VersionRow& row : page.items) seen.push_back(row.product + " " + row.version);
    filter.cursor = page.next_cursor;
    FetchRecord newest = outlook();
    newest.subject.edit().product = "Excel";
    newest.subject.edit().version = "99." + std::to_string(seen.size());
    fixture.record({newest});
  } while (!filter.cursor.empty());
  CHECK(seen == std::vector<std::string>{"Excel 16.101", "Excel 16.100", "Excel 16.99", "Word 16.101", "Word 16.100",
                                         "Word 16.99"});
}

TEST_CASE("within a window a device stands as it stood at the window's end") {
  const LedgerFixture fixture;
  FetchRecord later = piece(500, 1000);
  later.time = at(hours(2) + minutes(5));
  fixture.record({piece(0, 500), later});
  Filter filter;
  filter.from = at({});
  filter.to = at(hours(1));
  CHECK(only_version(fixture, filter).devices_partly == 1);
  CHECK(only_version(fixture, filter).devices_complete == 0);
  filter.to = at(hours(3));
  CHECK(only_version(fixture, filter).devices_complete == 1);
  CHECK(only_version(fixture, filter).devices_partly == 0);
  filter.from = at(minutes(30));
  CHECK(only_version(fixture, filter).bytes_sent == 500);
  CHECK(only_version(fixture, filter).first_fetch == later.time);
}

TEST_CASE("filters by product and device narrow the versions") {
  const LedgerFixture fixture;
  FetchRecord word = outlook();
  word.subject.edit().product = "Word";
  word.token = "C02Y";
  fixture.record({outlook(), word});
  Filter filter;
  filter.product = "Word";
  CHECK(only_version(fixture, filter).product == "Word");
  filter = {};
  filter.device = "C02X";
  CHECK(only_version(fixture, filter).product == "Microsoft Outlook");
  CHECK(only_version(fixture, filter).devices_complete == 1);
  filter.device = "nobody";
  CHECK(fixture.ledger->versions(filter).value().items.empty());
}

TEST_CASE("a cursor that no page gave is refused") {
  const LedgerFixture fixture;
  Filter filter;
  filter.cursor = "zz";
  CHECK(fixture.ledger->versions(filter).error().kind == ErrorKind::invalid);
  CHECK(fixture.ledger->devices(filter).error().kind == ErrorKind::invalid);
  CHECK(fixture.ledger->traffic(filter).error().kind == ErrorKind::invalid);
}

TEST_CASE("a cursor that was changed on its way is refused, whichever digit it was") {
  const LedgerFixture fixture;
  FetchRecord other = outlook();
  other.token = "C02Y";
  other.subject.edit().product = "Microsoft Word";
  fixture.record({outlook(), other});
  Filter one;
  one.limit = 1;
  const auto refuses = [](const std::string& good, const auto& ask) {
    REQUIRE_FALSE(good.empty());
    Filter filter;
    filter.cursor = good;
    REQUIRE(ask(filter));
    for (std::size_t i = 0; i < good.size(); ++i) {
      filter.cursor = good;
      filter.cursor[i] = good[i] == '0' ? '1' : '0';
      CHECK(ask(filter).error().kind == ErrorKind::invalid);
    }
    filter.cursor = good.substr(2);
    CHECK(ask(filter).error().kind == ErrorKind::invalid);
  };
  Ledger& ledger = *fixture.ledger;
  refuses(ledger.versions(one).value().next_cursor, [&](const Filter& filter) { return ledger.versions(filter); });
  refuses(ledger.devices(one).value().next_cursor, [&](const Filter& filter) { return ledger.devices(filter); });
  refuses(ledger.traffic(one).value().next_cursor, [&](const Filter& filter) { return ledger.traffic(filter); });
}

}  // namespace
}  // namespace larder::reports
