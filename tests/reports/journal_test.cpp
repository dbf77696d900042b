// SPDX-License-Identifier: MIT
#include "reports/journal.h"

#include <xxhash.h>
#include <catch2/catch.hpp>

#include <fstream>

#include "random_fetches.h"
#include "reports/record_format.h"

namespace larder::reports {
namespace {

namespace fs = std::filesystem;

std::string encoded(const FetchRecord& fetch) {
  StoredWriter out;
  encode_record(fetch, out);
  return out.take();
}

FetchRecord numbered(std::uint64_t number) {
  FetchRecord record = outlook();
  record.duration = std::chrono::microseconds(number);
  return record;
}

std::vector<std::uint64_t> numbers_of(const std::vector<Batch>& batches) {
  std::vector<std::uint64_t> numbers;
  for (const Batch& batch : batches) {
    for (const FetchRecord& fetch : batch.fetches)
      numbers.push_back(static_cast<std::uint64_t>(fetch.duration.count()));
  }
  return numbers;
}

Batch batch_of(std::uint64_t first, std::uint64_t end) {
  Batch batch;
  for (std::uint64_t number = first; number < end; ++number) batch.fetches.push_back(numbered(number));
  return batch;
}

std::size_t files_in(const fs::path& directory) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

fs::path only_file(const fs::path& directory) {
  REQUIRE(files_in(directory) == 1);
  return fs::directory_iterator(directory)->path();
}

struct Written {
  TemporaryDirectory directory;
  fs::path path = directory.path() / "ledger-journal";

  // Three batches, records 0 to 8, and no orderly end.
  Written() {
    Journal journal(path, 0);
    for (const std::uint64_t first : {0, 3, 6}) {
      Batch batch = batch_of(first, first + 3);
      REQUIRE(journal.append({&batch, 1}));
      REQUIRE(batch.first_sequence == first);
    }
  }
};

TEST_CASE("a record by itself comes back as it was") {
  Chance chance(11);
  for (int i = 0; i < 200; ++i) {
    FetchRecord fetch = some_fetch(chance);
    fetch.token_from = static_cast<DeviceEvidence>(chance.below(4));
    fetch.subject.edit().from_version = "16.107.26030937";
    fetch.bytes_from_origin = chance.below(UINT64_MAX);
    fetch.client = address(chance.one_in(2) ? "2001:db8::7" : "192.0.2.9");
    const std::string bytes = encoded(fetch);
    const auto back = decode_record(bytes);
    REQUIRE(back);
    CHECK(encoded(*back) == bytes);
    CHECK(back->token_from == fetch.token_from);
    CHECK(back->time == fetch.time);
    CHECK(back->client == fetch.client);
    CHECK(back->subject->url == fetch.subject->url);
    CHECK(back->subject->from_version == fetch.subject->from_version);
    CHECK(back->sent_ranges == fetch.sent_ranges);
    CHECK(back->complete == fetch.complete);
    CHECK(back->bytes_from_origin == fetch.bytes_from_origin);
  }
}

TEST_CASE("no part of a record is a record") {
  const std::string bytes = encoded(outlook());
  for (std::size_t length = 0; length < bytes.size(); ++length) CHECK_FALSE(decode_record(bytes.substr(0, length)));
  CHECK_FALSE(decode_record(bytes + "x"));
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// By the words of docs/formats.md alone.
TEST_CASE("a journal written by the documented bytes is read") {
  const std::string record = from_hex(
      "028500"                                          // format; update cache, hit, complete; full, by token
      "00000000000000000000ffffc0000207"                // 192.0.2.7
      "8080afa2dbffad06"                                // 2026-09-21 14:13:20 UTC
      "a09c01c801e807e807e80700"                        // 20 ms, 200, three times 1,000 bytes, none from the origin
      "0443303258056d61634f530432362e3006323541333534"  // C02X, macOS, 26.0, 25A354
      "1c68747470733a2f2f6f726967696e2e6578616d706c652f612e706b67"
      "0e4d6963726f736f667420576f72640631362e31313300"  // Microsoft Word, 16.113, no build
      "00010100e807");                                  // no from-version; by the locator; one range, bytes 0 to 999
  StoredWriter file;
  file.u32(static_cast<std::uint32_t>(record.size()));
  file.u64(XXH3_64bits_withSeed(record.data(), record.size(), 41));
  file.raw(record);
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "00000000000000000041", std::ios::binary) << file.view();
  const auto batches = Journal(directory.path(), 0).unposted();
  REQUIRE(batches.size() == 1);
  REQUIRE(batches.front().fetches.size() == 1);
  CHECK(batches.front().first_sequence == 41);
  const FetchRecord& fetch = batches.front().fetches.front();
  CHECK(to_rfc3339(fetch.time) == "2026-09-21T14:13:20Z");
  CHECK(fetch.client.text() == "192.0.2.7");
  CHECK(fetch.entrance == Entrance::update_cache);
  CHECK(fetch.answered == Answered::hit);
  CHECK(fetch.complete);
  CHECK(fetch.token == "C02X");
  CHECK(fetch.system.build == "25A354");
  CHECK(fetch.system.evidence == SystemEvidence::locate);
  CHECK(fetch.subject->product == "Microsoft Word");
  CHECK(fetch.subject->version == "16.113");
  CHECK(fetch.duration == std::chrono::milliseconds(20));
  CHECK(fetch.status == 200);
  CHECK(fetch.bytes_sent == 1000);
  CHECK(fetch.sent_ranges == SentRanges{{0, 1000}});
}

TEST_CASE("a journal gives back what the ledger does not have") {
  const Written written;
  CHECK(numbers_of(Journal(written.path, 0).unposted()) == std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(numbers_of(Journal(written.path, 7).unposted()) == std::vector<std::uint64_t>{7, 8});
  CHECK(Journal(written.path, 7).unposted().front().first_sequence == 7);
  CHECK(Journal(written.path, 9).unposted().empty());
}

TEST_CASE("a journal cut anywhere gives back every record before the cut") {
  const Written written;
  const fs::path file = only_file(written.path);
  const auto whole = fs::file_size(file);
  const std::uint64_t frame = whole / 9;  // the records are equally long
  for (std::uint64_t length = whole; length-- > 0;) {
    fs::resize_file(file, length);
    CHECK(numbers_of(Journal(written.path, 0).unposted()).size() == length / frame);
  }
}

TEST_CASE("a journal is read up to the first record that fails its check") {
  const Written written;
  const fs::path file = only_file(written.path);
  const auto frame = static_cast<std::streamoff>(fs::file_size(file) / 9);
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(4 * frame + 20).put('\x7f');
  CHECK(numbers_of(Journal(written.path, 0).unposted()) == std::vector<std::uint64_t>{0, 1, 2, 3});
}

TEST_CASE("a journal taken up again goes on behind what was written, also behind a torn end") {
  const Written written;
  fs::resize_file(only_file(written.path), fs::file_size(only_file(written.path)) - 1);
  Journal journal(written.path, 2);
  CHECK(numbers_of(journal.unposted()) == std::vector<std::uint64_t>{2, 3, 4, 5, 6, 7});
  Batch more = batch_of(20, 22);
  REQUIRE(journal.append({&more, 1}));
  CHECK(more.first_sequence == 8);
  CHECK(numbers_of(Journal(written.path, 7).unposted()) == std::vector<std::uint64_t>{7, 20, 21});
}

TEST_CASE("files go when everything in them is posted") {
  const Written written;
  {
    Journal journal(written.path, 0);
    journal.unposted();
    Batch more = batch_of(9, 12);
    REQUIRE(journal.append({&more, 1}));
    journal.posted(8);
    CHECK(files_in(written.path) == 2);
    journal.posted(9);
    CHECK(files_in(written.path) == 1);
    journal.posted(12);  // the open one stays
    CHECK(files_in(written.path) == 1);
    journal.close();
    journal.posted(12);
  }
  CHECK(files_in(written.path) == 0);
}

TEST_CASE("a long journal is many files") {
  const TemporaryDirectory directory;
  Journal journal(directory.path() / "j", 0);
  Batch batch = batch_of(0, 12000);
  for (int i = 0; i < 3; ++i) REQUIRE(journal.append({&batch, 1}));
  CHECK(files_in(directory.path() / "j") == 3);
  journal.posted(24000);
  CHECK(files_in(directory.path() / "j") == 1);
  CHECK(Journal(directory.path() / "j", 24000).unposted().front().fetches.size() == 12000);
}

TEST_CASE("a journal that cannot be written says so and still counts") {
  const TemporaryDirectory directory;
  std::ofstream(directory.path() / "j") << "not a directory";
  Journal journal(directory.path() / "j", 5);
  Batch batch = batch_of(0, 2);
  const Status status = journal.append({&batch, 1});
  REQUIRE_FALSE(status);
  CHECK(status.error().message.find((directory.path() / "j").string()) != std::string::npos);
  CHECK(batch.first_sequence == 5);
  CHECK_FALSE(journal.append({&batch, 1}));
  CHECK(batch.first_sequence == 7);
}

TEST_CASE("a ledger takes up a journal, each record once") {
  LedgerFixture fixture;
  fixture.record({numbered(1), numbered(2)});
  fixture.ledger.reset();
  {
    Journal journal(fixture.directory.path() / "ledger-journal", 1);  // the ledger has two; one of these is its own
    Batch batch = batch_of(2, 5);
    REQUIRE(journal.append({&batch, 1}));
  }
  fixture.open();
  CHECK(fixture.ledger->summary({}).value().requests == 4);
  fixture.open();
  CHECK(fixture.ledger->summary({}).value().requests == 4);
  fixture.ledger.reset();
  CHECK(files_in(fixture.directory.path() / "ledger-journal") == 0);
}

}  // namespace
}  // namespace larder::reports
