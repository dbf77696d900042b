// SPDX-License-Identifier: MIT
// The stored bytes as documented, typed by hand: an environment made of nothing but them can be read and continued.
#include <lmdb.h>
#include <xxhash.h>
#include <catch2/catch.hpp>

#include "base/owned.h"
#include "ledger_fixture.h"
#include "reports/rollup_format.h"

namespace larder::reports {
namespace {

// "01 ff 'text'": hexadecimal digits, spaces, and quoted text as it is.
std::string bytes(const std::string& written) {
  std::string out;
  for (std::size_t i = 0; i < written.size();) {
    if (written[i] == ' ') {
      ++i;
    } else if (written[i] == '\'') {
      const std::size_t end = written.find('\'', i + 1);
      out += written.substr(i + 1, end - i - 1);
      i = end + 1;
    } else {
      out += static_cast<char>(std::stoi(written.substr(i, 2), nullptr, 16));
      i += 2;
    }
  }
  return out;
}

class RawEnvironment {
 public:
  explicit RawEnvironment(const std::filesystem::path& path) {
    std::filesystem::create_directories(path);
    MDB_env* env = nullptr;
    REQUIRE(mdb_env_create(&env) == 0);
    env_.reset(env);
    mdb_env_set_maxdbs(env, 20);
    REQUIRE(mdb_env_open(env, path.c_str(), 0, 0600) == 0);
    REQUIRE(mdb_txn_begin(env, nullptr, 0, &txn_) == 0);
  }
  ~RawEnvironment() { REQUIRE(mdb_txn_commit(txn_) == 0); }
  RawEnvironment(const RawEnvironment&) = delete;
  RawEnvironment& operator=(const RawEnvironment&) = delete;

  void put(const char* table, std::string key, std::string value) {
    const MDB_dbi dbi = open(table);
    MDB_val k{key.size(), key.data()};
    MDB_val v{value.size(), value.data()};
    REQUIRE(mdb_put(txn_, dbi, &k, &v, 0) == 0);
  }
  void empty(const char* table) { REQUIRE(mdb_drop(txn_, open(table), 0) == 0); }

 private:
  MDB_dbi open(const char* table) {
    MDB_dbi dbi = 0;
    REQUIRE(mdb_dbi_open(txn_, table, MDB_CREATE, &dbi) == 0);
    return dbi;
  }

  Owned<MDB_env, mdb_env_close> env_;
  MDB_txn* txn_ = nullptr;
};

std::string hash_of(std::uint8_t kind, const std::string& text, std::uint64_t seed) {
  XXH128_canonical_t canonical{};
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_withSeed(text.data(), text.size(), seed));
  return static_cast<char>(kind) + std::string(reinterpret_cast<const char*>(canonical.digest), 16);
}

// 2026-01-01T00:00:00Z is 1'767'225'600'000'000 us = 0x00 06 47 48 46 20 40 00, hour 490'896 = 0x00077D90, day 20'454.
constexpr std::int64_t kNewYearUs = 1'767'225'600'000'000;

enum class Format { without_places = 2, places_by_release, present };

// By the release (1, and a version of which no single fetch is left) or by the product (4).
void write_places(RawEnvironment& raw, Format format) {
  raw.put("names", bytes("02 00 00 00 02"), "192.0.2.0/24");
  raw.put("names", bytes("02 00 00 00 03"), "a.example");
  raw.put("ids", hash_of(2, "192.0.2.0/24", 42), bytes("00 00 00 02"));
  raw.put("ids", hash_of(2, "a.example", 42), bytes("00 00 00 03"));
  const auto put = [&](const std::string& third, const std::string& tally, const std::string& first) {
    const std::string place = "00 00 00 02 00 00 00 03 00 00 00 " + third + " 01 00";
    raw.put("place_totals", bytes(place), bytes(tally + first));
    raw.put("place_days", bytes("00 00 4f e6 " + place), bytes(tally + "00 00"));
    raw.put("place_hours", bytes("00 07 7d 90 " + place), bytes(tally + "00 00"));
  };
  const std::string first = "80 80 81 b1 84 e9 91 03 00";
  if (format == Format::present) {
    raw.put("names", bytes("02 00 00 00 04"), "Word");
    raw.put("ids", hash_of(2, "Word", 42), bytes("00 00 00 04"));
    put("04", "01 01 00 90 03 ac 02 ", first);
  } else {
    raw.put("names", bytes("03 00 00 00 02"), bytes("'Word' 00 '16.0' 00 00"));
    put("01", "01 01 00 90 03 c8 01 ", first);
    put("02", "00 00 00 00 64 ", "00 00");
  }
  raw.put("examples", bytes("00 00 00 03 01 02"), bytes("00 06 47 48 46 20 40 00 00 00 00 00"));
}

void write_by_hand(const std::filesystem::path& path, Format format) {
  RawEnvironment raw(path);
  const std::string release = bytes("'Word' 00 '16.1' 00 00");
  raw.put("meta", "format", bytes("00 00 00 00 00 00 00 0" + std::to_string(static_cast<int>(format))));
  if (format != Format::without_places) write_places(raw, format);
  raw.put("meta", "seed", bytes("00 00 00 00 00 00 00 2a"));
  raw.put("meta", "sequence", bytes("00 00 00 00 00 00 00 01"));
  raw.put("ids", hash_of(3, release, 42), bytes("00 00 00 01"));
  raw.put("names", bytes("03 00 00 00 01"), release);
  raw.put("names", bytes("01 00 00 00 01"), "http://a.example/w.pkg");
  raw.put("names", bytes("02 00 00 00 01"), "macOS");
  raw.put("device_ids", "C02X", bytes("00 00 00 01"));
  const std::string address = "00 00 00 00 00 00 00 00 00 00 ff ff c0 00 02 07 ";
  const std::string time = "80 80 81 b1 84 e9 91 03 ";  // varint of the time
  raw.put("devices", bytes("00 00 00 01"),
          bytes("04 'C02X' 00 " + address + "00 00 00 01 00 00 03 " + time + time +
                "00 01 90 03 01 00 06 47 48 46 20 40 00 00 00 00 00"));
  // Complete, hit, proxy; full, by token, IPv4, one range; 192.0.2.7; 5 us, device 1, system 1 by its Darwin version,
  // url 1, release 1, 206;
  // object 1000, asked 400 (difference 600, zigzag 1200), sent 400; 300 from the origin; one range [0, 400). Since
  // `newest`, what is usual is left out: the range's length, 206, the from-version.
  raw.put("fetches", bytes("00 06 47 48 46 20 40 00 00 00 00 00"),
          format == Format::present
              ? bytes("73 81 00 c0 00 02 07 05 01 01 00 00 03 01 01 e8 07 b0 09 ac 02 00")
              : bytes("02 81 00 c0 00 02 07 05 01 01 00 00 03 00 01 01 ce 01 e8 07 b0 09 00 ac 02 01 00 90 03"));
  raw.put("totals", bytes("00 00 00 01 01"), bytes("01 01 00 90 03 ac 02 " + time + "00"));
  raw.put("days", bytes("00 00 4f e6 00 00 00 01 01"), bytes("01 01 00 90 03 ac 02 00 00"));
  raw.put("hours", bytes("00 07 7d 90 00 00 00 01 01"), bytes("01 01 00 90 03 ac 02 00 00"));
  raw.put("device_totals", bytes("00 00 00 01 00 00 00 01 01"), bytes("01 01 00 90 03 ac 02 " + time + "00"));
  raw.put("device_hours", bytes("00 00 00 01 00 07 7d 90 00 00 00 01 01"), bytes("01 01 00 90 03 ac 02 00 00"));
  raw.put("holdings", bytes("00 00 00 01 00 00 00 01"), bytes(time + "00 01 00 00 00 90 03 e8 07"));
  raw.put("coverage", bytes("00 00 00 01 00 00 00 01 00 00 00 01"), bytes("e8 07 01 00 90 03"));
  raw.put("versions", bytes("00 00 00 01"), bytes("00 01"));
}

struct ByHand : LedgerFixture {
  explicit ByHand(Format format) {
    ledger.reset();
    std::filesystem::remove_all(options.path);
    write_by_hand(options.path, format);
    open();
    REQUIRE(ledger->status().set_aside.empty());
  }
};

TEST_CASE("an environment written by the documented bytes alone is read and continued") {
  const auto format = GENERATE(Format::without_places, Format::places_by_release, Format::present);
  const ByHand fixture(format);
  CHECK(fixture.ledger->reckon(false).value().wrong.empty());
  const auto places = fixture.ledger->places({}).value();
  REQUIRE(places.size() == 1);
  CHECK(places[0].network == "192.0.2.0/24");
  CHECK(places[0].origin == "a.example");
  CHECK(places[0].product == "Word");
  CHECK(places[0].bytes_from_origin == 300);
  CHECK(places[0].last == WallTime(std::chrono::microseconds(kNewYearUs)));
  CHECK(fixture.ledger->status().fetches == 1);
  const auto detail = fixture.ledger->device("C02X").value();
  CHECK(detail.device.address == "192.0.2.7");
  CHECK(detail.device.os == "macOS");
  CHECK(detail.device.bytes_sent == 400);
  REQUIRE(detail.recent.size() == 1);
  const FetchRecord& fetch = detail.recent[0];
  CHECK(fetch.time == WallTime(std::chrono::microseconds(kNewYearUs)));
  CHECK(fetch.subject->url == "http://a.example/w.pkg");
  CHECK(fetch.status == 206);
  CHECK(fetch.object_bytes == 1000);
  CHECK(fetch.bytes_asked == 400);
  CHECK(fetch.bytes_sent == 400);
  CHECK(fetch.bytes_from_origin == 300);
  CHECK(fetch.sent_ranges == SentRanges{{0, 400}});
  REQUIRE(detail.products.size() == 1);
  CHECK(detail.products[0].fraction == Approx(0.4));
  CHECK(fixture.ledger->traffic({}).value().items.at(0).hour == fetch.time);

  FetchRecord rest = outlook();
  rest.subject.edit().product = "Word";
  rest.subject.edit().version = "16.1";
  rest.subject.edit().build = "";
  rest.subject.edit().url = "http://a.example/w.pkg";
  fixture.record({rest});
  const auto versions = fixture.ledger->versions({}).value();
  REQUIRE(versions.items.size() == 1);
  CHECK(versions.items[0].requests == 2);
  CHECK(versions.items[0].devices_complete == 1);
  CHECK(versions.items[0].devices_partly == 0);
  CHECK(fixture.ledger->reckon(false).value().wrong.empty());
}

TEST_CASE("a ledger without the newest releases of its devices gets them when it is opened") {
  LedgerFixture fixture;
  FetchRecord older = outlook();
  older.subject.edit().version = "16.1";
  fixture.record({outlook(), older, piece(0, 10)});
  const auto newest = fixture.ledger->device("C02X").value().device.newest;
  REQUIRE(newest.size() == 1);
  CHECK(newest[0].version == outlook().subject->version);
  fixture.ledger.reset();
  {
    RawEnvironment raw(fixture.options.path);
    raw.put("meta", "format", bytes("00 00 00 00 00 00 00 02"));
    for (const char* table : {"place_totals", "place_days", "place_hours"}) raw.empty(table);
    raw.put("newest", bytes("00 00 00 01"), bytes("63"));
    raw.put("newest", bytes("00 00 00 63"), bytes("01"));
  }
  fixture.open();
  const auto again = fixture.ledger->device("C02X").value().device.newest;
  REQUIRE(again.size() == 1);
  CHECK(again[0].version == newest[0].version);
  CHECK(fixture.ledger->reckon(false).value().wrong.empty());
}

TEST_CASE("totals that are other than their fetches are found, named and put right") {
  LedgerFixture fixture;
  fixture.record({outlook(), piece(0, 10)});
  fixture.ledger.reset();
  {
    RawEnvironment raw(fixture.options.path);
    const std::string hour = bytes("00 07 79 78");  // no fetch is of it
    raw.put("hours", hour + bytes("00 00 00 01 05"), bytes("01 01 00 90 03 ac 02 00 00"));
    raw.put("totals", bytes("00 00 00 01 05"), bytes("7f 01 00 90 03 ac 02 00 00"));
    raw.put("versions", bytes("00 00 00 01"), bytes("07 00"));
    raw.put("holdings", bytes("00 00 00 01 00 00 00 01"), "x");
    raw.put("newest", bytes("00 00 00 01"), bytes("05 00"));
  }
  fixture.open();
  const auto found = fixture.ledger->reckon(false).value();
  CHECK(found.fetches == 2);
  CHECK(found.wrong == std::vector<std::pair<std::string, std::uint64_t>>{
                           {"totals", 1}, {"hours", 1}, {"days", 1}, {"holdings", 1}, {"versions", 1}, {"newest", 1}});
  CHECK(fixture.ledger->summary({}).value().requests == 127);
  CHECK(fixture.ledger->reckon(true).value().fetches == 2);
  CHECK(fixture.ledger->reckon(false).value().wrong.empty());
  CHECK(fixture.ledger->summary({}).value().requests == 2);
  CHECK(fixture.ledger->versions({}).value().items.at(0).devices_complete == 1);
  fixture.record({outlook()});
  CHECK(fixture.ledger->summary({}).value().requests == 3);
  CHECK(fixture.ledger->reckon(false).value().wrong.empty());
}

// Whoever is refused can name anything: what that adds to the ledger for good is bounded, what it counts is not.
TEST_CASE("refused requests for ever other origins are counted, and few are kept by name") {
  const LedgerFixture fixture;
  std::vector<FetchRecord> fetches;
  for (int i = 0; i < 500; ++i) {
    fetches.push_back(outlook());
    fetches.back().answered = Answered::refused;
    fetches.back().subject.edit().url = "http://" + std::to_string(i) + ".example/";
    fetches.back().bytes_sent = 0;
    fetches.back().sent_ranges.clear();
  }
  fetches.push_back(outlook());
  fixture.record(fetches);
  const auto places = fixture.ledger->places({}).value();
  CHECK(places.size() == 66);
  std::uint64_t requests = 0;
  for (const PlaceRow& row : places) requests += row.requests;
  CHECK(requests == 501);
  CHECK(fixture.ledger->reckon(false).value().wrong.empty());
}

TEST_CASE("fetches keep everything through their stored form") {
  StoredFetch fetch;
  fetch.entrance = Entrance::delivery_optimization;
  fetch.answered = Answered::failed;
  fetch.kind = FileKind::delta;
  fetch.evidence = DeviceEvidence::proxy_user;
  fetch.client = address("2001:db8::7");
  fetch.device = UINT32_MAX;
  fetch.status = 504;
  fetch.bytes_asked = UINT64_MAX;
  fetch.bytes_sent = 3;
  fetch.before = FetchKey{7, 1};
  fetch.ranges.add(5, 9);
  fetch.ranges.add(UINT64_MAX - 1, UINT64_MAX);
  const FetchKey key{5, 0};
  StoredWriter out;
  encode_fetch(key, fetch, out);
  CHECK(decode_fetch(key, out.view()) == fetch);
  for (std::size_t length = 0; length < out.view().size(); ++length) {
    CHECK_FALSE(decode_fetch(key, out.view().substr(0, length)));
  }
  CHECK_FALSE(decode_fetch(key, std::string(out.view()) + "x"));
}

TEST_CASE("what a fetch leaves out because it is usual is there again") {
  const FetchKey key{5, 0};
  StoredFetch fetch;
  fetch.object_bytes = 1000;
  fetch.bytes_asked = fetch.bytes_sent = 300;
  fetch.ranges.add(200, 500);
  fetch.status = GENERATE(0U, 200U, 206U, 404U);
  fetch.from_version = GENERATE(0U, 7U);
  fetch.bytes_from_origin = GENERATE(std::uint64_t{0}, std::uint64_t{300});
  SECTION("one range, all of it sent") {}
  SECTION("more was asked for") {
    fetch.bytes_asked = 301;
  }
  SECTION("less was sent") {
    fetch.bytes_sent = 299;
  }
  SECTION("two ranges") {
    fetch.ranges.add(600, 700);
  }
  SECTION("none") {
    fetch.ranges = {};
  }
  SECTION("the whole object") {
    fetch.ranges.add(0, 1000);
    fetch.bytes_asked = fetch.bytes_sent = GENERATE(std::uint64_t{1000}, std::uint64_t{300});
  }
  StoredWriter out;
  encode_fetch(key, fetch, out);
  CHECK(decode_fetch(key, out.view()) == fetch);
  CHECK_FALSE(decode_fetch(key, out.view().substr(0, out.view().size() - 1)));
}

TEST_CASE("a plain fetch takes fewer than forty bytes beside its key") {
  StoredFetch fetch;
  fetch.client = address("192.0.2.7");
  fetch.duration_us = 90'000;
  fetch.device = 12'345;
  fetch.url = 54'321;
  fetch.release = 900;
  fetch.status = 200;
  fetch.object_bytes = fetch.bytes_asked = fetch.bytes_sent = 3'000'000'000;
  fetch.ranges.add(0, 3'000'000'000);
  fetch.before = FetchKey{1'767'225'000'000'000, 100'000};
  StoredWriter out;
  encode_fetch({1'767'225'600'000'000, 900'000}, fetch, out);
  CHECK(out.view().size() < 40);
}

TEST_CASE("intervals merge, and forget the shortest when there are too many") {
  Intervals intervals;
  intervals.add(10, 20);
  intervals.add(30, 40);
  intervals.add(20, 30);
  intervals.add(7, 7);
  CHECK(intervals.list() == std::vector<Intervals::Interval>{{10, 40}});
  CHECK_FALSE(intervals.covers(40));
  intervals.add(0, 15);
  CHECK(intervals.covers(40));
  for (std::uint64_t i = 0; i < Intervals::kMost + 10; ++i) intervals.add(100 + 3 * i, 102 + 3 * i);
  CHECK(intervals.list().size() == Intervals::kMost);
  CHECK(intervals.covers(40));
}

}  // namespace
}  // namespace larder::reports
