// SPDX-License-Identifier: MIT
// The ledger as a whole: threads, hostile texts, full disks, damaged environments.
#include <sys/resource.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <fstream>
#include <thread>

#include "base/text.h"
#include "ledger_fixture.h"
#include "reports/environment.h"

namespace larder::reports {
namespace {

namespace fs = std::filesystem;

TEST_CASE("many threads record while others ask") {
  const LedgerFixture fixture;
  constexpr int kProducers = 3;
  constexpr int kBatches = 40;
  std::vector<std::thread> threads;
  for (int producer = 0; producer < kProducers; ++producer) {
    threads.emplace_back([&, producer] {
      for (int i = 0; i < kBatches; ++i) {
        FetchRecord record = outlook();
        record.token = "D" + std::to_string(producer);
        record.subject.edit().version = std::to_string(i);
        fixture.ledger->record({record, record});
        if (i % 10 == 0) fixture.ledger->flush();
      }
    });
  }
  std::atomic<bool> failed{false};
  for (int asker = 0; asker < 2; ++asker) {
    threads.emplace_back([&] {
      for (int i = 0; i < 30; ++i) {
        const auto summary = fixture.ledger->summary({});
        const auto versions = fixture.ledger->versions({});
        const auto device = fixture.ledger->device("D1");
        const bool fine = summary && versions && fixture.ledger->devices({}) && fixture.ledger->traffic({});
        if (!fine || (!device && device.error().kind != ErrorKind::not_found)) failed = true;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  fixture.ledger->flush();
  CHECK_FALSE(failed);
  CHECK(fixture.ledger->summary({}).value().requests == 2 * kProducers * kBatches);
  CHECK(fixture.ledger->status().fetches == 2 * kProducers * kBatches);
}

TEST_CASE("what was accepted is there after an orderly end, without a flush") {
  LedgerFixture fixture;
  fixture.ledger->record({outlook(), outlook()});
  fixture.open();
  CHECK(fixture.ledger->summary({}).value().requests == 2);
}

TEST_CASE("hostile texts are kept printable and short") {
  const LedgerFixture fixture;
  FetchRecord record = outlook();
  record.subject.edit().url =
      "http://a.example/" + std::string(8000, 'x') + "\r\n\x1b[31m\xff" + std::string(9000, 'y');
  record.subject.edit().product = std::string("Word\0\n", 6) + "\xc3";
  record.subject.edit().version = std::string(100000, '9');
  record.system.os = "<script>\x07";
  record.subject.edit().from_version = std::string("\0\0", 2);
  record.status = -5;
  record.sent_ranges = {{UINT64_MAX, 0}, {5, 2}, {0, UINT64_MAX}};
  fixture.record({record});
  const auto detail = fixture.ledger->device("C02X").value();
  REQUIRE(detail.recent.size() == 1);
  CHECK(is_printable_utf8(detail.recent[0].subject->url));
  CHECK(detail.recent[0].subject->url.size() <= 10000);
  CHECK(detail.recent[0].subject->url.find("%0D%0A%1B[31m%FF") != std::string::npos);
  CHECK(detail.recent[0].subject->product == "Word???");
  CHECK(detail.recent[0].subject->version.size() == 128);
  CHECK(detail.device.os == "<script>?");
  CHECK(fixture.ledger->versions({}).value().items.at(0).devices_complete == 1);
}

TEST_CASE("texts that only differ in where a zero byte stands are two products") {
  const LedgerFixture fixture;
  FetchRecord first = outlook();
  FetchRecord second = outlook();
  first.subject.edit().product = "A";
  first.subject.edit().version = "B";
  second.subject.edit().product = std::string("A\0B", 3);
  second.subject.edit().version = "";
  fixture.record({first, second});
  const auto page = fixture.ledger->versions({}).value();
  REQUIRE(page.items.size() == 2);
  CHECK(page.items[1].product == "A?B");
}

TEST_CASE("a token that cannot name a device counts as none") {
  const LedgerFixture fixture;
  std::vector<FetchRecord> records;
  for (const std::string& token : {std::string(65, 'a'), std::string("a\nb"), std::string("\xff"),
                                   std::string("mac:aa:bb:cc:00:01:02"), std::string("203.0.113.9")}) {
    records.push_back(outlook());
    records.back().token = token;
  }
  fixture.record(records);
  const auto page = fixture.ledger->devices({}).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].id == "192.0.2.7");
  CHECK(page.items[0].requests == 5);
  CHECK(fixture.ledger->device(std::string(5000, 'x')).error().kind == ErrorKind::not_found);
}

TEST_CASE("times before 1970 and far away are kept within bounds") {
  const LedgerFixture fixture;
  FetchRecord early = outlook();
  early.time = WallTime(std::chrono::microseconds(-5));
  FetchRecord late = outlook();
  late.time = WallTime::max();
  fixture.record({early, late});
  CHECK(fixture.ledger->traffic({}).value().items.size() == 2);
  Filter filter;
  filter.from = WallTime::min();
  filter.to = WallTime::max();
  CHECK(fixture.ledger->summary(filter).value().requests == 1);
}

void write_over(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

void expect_set_aside(LedgerFixture& fixture) {
  fixture.open();
  const auto status = fixture.ledger->status();
  REQUIRE(status.set_aside.size() == 1);
  CHECK(status.set_aside[0].starts_with(fixture.options.path.string() + ".broken-"));
  CHECK(fs::exists(fs::path(status.set_aside[0]) / "data.mdb"));
  fixture.record({outlook()});
  CHECK(fixture.ledger->summary({}).value().requests == 1);
}

TEST_CASE("an environment that is no environment is set aside and a new one begun") {
  LedgerFixture fixture;
  fixture.record({outlook(), outlook()});
  fixture.ledger.reset();
  write_over(fixture.options.path / "data.mdb", std::string(100000, 'x'));
  expect_set_aside(fixture);
}

TEST_CASE("an environment that was cut short is set aside") {
  LedgerFixture fixture;
  fixture.record({outlook(), outlook()});
  fixture.ledger.reset();
  fs::resize_file(fixture.options.path / "data.mdb", 12288);
  expect_set_aside(fixture);
}

TEST_CASE("an environment of another format is set aside") {
  LedgerFixture fixture;
  fixture.ledger.reset();
  {
    std::vector<std::string> set_aside;
    const auto environment = Environment::open(fixture.options.path, fixture.clock, set_aside).value();
    WriteTxn txn(*environment);
    txn.set_number(kMetaFormat, 99);
    REQUIRE(std::move(txn).commit() == 0);
  }
  expect_set_aside(fixture);
}

// Files of this process may not grow meanwhile.
class FullDisk {
 public:
  explicit FullDisk(const fs::path& file) : before_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &limit_);
    rlimit tight = limit_;
    tight.rlim_cur = fs::file_size(file);
    setrlimit(RLIMIT_FSIZE, &tight);
  }
  ~FullDisk() {
    setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, before_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit limit_{};
  void (*before_)(int);
};

TEST_CASE("on a full disk records wait, and are written when there is room") {
  const LedgerFixture fixture;
  fixture.record({outlook()});
  std::vector<FetchRecord> many;
  for (int i = 0; i < 5000; ++i) {
    many.push_back(outlook());
    many.back().token = "D" + std::to_string(i);
  }
  {
    const FullDisk full(fixture.options.path / "data.mdb");
    fixture.record(many);
    CHECK_FALSE(fixture.ledger->status().broken.empty());
    CHECK(fixture.ledger->status().dropped == 0);
    CHECK(fixture.ledger->summary({}).value().requests == 1);
    fixture.record(std::vector<FetchRecord>(300000));
    CHECK(fixture.ledger->status().dropped >= 300000 + 5000 - 262144);
  }
  fixture.ledger->flush();
  for (int tries = 0; tries < 100 && !fixture.ledger->status().broken.empty(); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the journal tries again after half a second
  }
  CHECK(fixture.ledger->status().broken.empty());
  CHECK(fixture.ledger->summary({}).value().devices == 5001 + 1);
  const Summary summary = fixture.ledger->summary({}).value();
  CHECK(summary.requests + summary.dropped_records == 1 + 5000 + 300000);
  CHECK(fixture.ledger->status().set_aside.empty());
}

}  // namespace
}  // namespace larder::reports
