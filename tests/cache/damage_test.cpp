// SPDX-License-Identifier: MIT
// Bytes that rot, environments that break, processes that are killed.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <functional>
#include <future>
#include <random>
#include <thread>

#include "cache/opening.h"
#include "cache/store_environments.h"
#include "support.h"

using namespace larder;
using namespace larder::cache;
using namespace larder::cache::testing;

namespace {

// Writes other bytes where the chunk lies, as a failing disk would.
void spoil(Larder& larder, const Object& object, ChunkIndex chunk) {
  const auto environments = environments_of(larder.store());
  const Shelf& shelf = environments->shelf_of(object.size_bytes);
  auto txn = WriteTxn::begin(shelf.environment());
  REQUIRE(txn);
  const auto other = bytes_of(chunk_length(chunk, object.size_bytes), 999);
  REQUIRE(shelf.put(txn->handle(), object.extent, chunk, object.size_bytes, other));
  REQUIRE(std::move(*txn).commit());
}

void write_garbage(const std::filesystem::path& file) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  for (int i = 0; i < 5000; ++i) out << "this is no environment ";
}

}  // namespace

TEST_CASE("a chunk that fails its check is never served and can be fetched again") {
  const std::uint64_t size = GENERATE(as<std::uint64_t>{}, 70000, 3 * kChunkBytes);
  const Directory directory;
  Larder larder(directory.path());
  const auto bytes = bytes_of(size, 1);
  const ObjectPtr object = larder.keep("http://a/x", bytes);
  const ChunkIndex bad{chunk_count(size) - 1};
  spoil(larder, *object, bad);
  CHECK(larder.reader().read_now(object->extent, bad, size, [](auto) { FAIL("visited"); }) == ChunkState::missing);
  larder.flush();
  CHECK(larder.store().status().corrupt_chunks == 1);
  CHECK_FALSE(larder.reader().find("http://a/x")->complete());
  CHECK(larder.reader().read(object->extent, bad, size, [](auto) {}) == ChunkState::missing);
  CHECK(larder.reader().held(object->extent, size).next_missing({0}) == bad);

  SECTION("the same bytes make it whole") {
    REQUIRE(larder.put(object->extent, bad, bytes));
    const auto again = larder.complete("http://a/x", object->extent);
    REQUIRE(again);
    CHECK((*again)->digest == object->digest);
    CHECK(larder.read(**again) == bytes);
  }
  SECTION("other bytes are refused") {
    REQUIRE(larder.put(object->extent, bad, bytes_of(size, 2)));
    CHECK(larder.complete("http://a/x", object->extent).error().kind == ErrorKind::corrupt);
    CHECK(larder.reader().find("http://a/x") == nullptr);
  }
}

TEST_CASE("verify finds what rotted, and says what is well") {
  const Directory directory;
  Larder larder(directory.path());
  const ObjectPtr good = larder.keep("http://a/good", bytes_of(2 * kChunkBytes + 5, 1));
  const ObjectPtr bad = larder.keep("http://a/bad", bytes_of(2 * kChunkBytes, 2));
  larder.keep("http://a/small", bytes_of(100, 3));
  spoil(larder, *bad, {1});
  const VerifyReport report = larder.verify();
  CHECK(report.objects == 3);
  CHECK(report.chunks == 6);
  CHECK(report.bytes == 4 * kChunkBytes + 105);
  CHECK(report.chunks_corrupt == 1);
  CHECK(report.digests_wrong == 0);
  CHECK(larder.reader().find("http://a/good")->complete());
  CHECK_FALSE(larder.reader().find("http://a/bad")->complete());
  CHECK(larder.verify().chunks_corrupt == 0);
}

namespace {

bool within_ten_seconds(const std::function<bool()>& what) {
  for (int i = 0; i < 1000 && !what(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return what();
}

}  // namespace

TEST_CASE("what rots while nobody asks is found in the background") {
  const Directory directory;
  Larder larder(directory.path(), {64ULL << 20U, 0, std::chrono::seconds(1)});
  const ObjectPtr good = larder.keep("http://a/good", bytes_of(2 * kChunkBytes + 5, 1));
  const ObjectPtr bad = larder.keep("http://a/bad", bytes_of(2 * kChunkBytes, 2));
  const ObjectPtr small = larder.keep("http://a/small", bytes_of(300'000, 3));
  spoil(larder, *bad, {1});
  spoil(larder, *small, {0});
  CHECK(within_ten_seconds([&] { return larder.store().status().corrupt_chunks == 2; }));
  CHECK(larder.reader().find("http://a/good")->complete());
  CHECK_FALSE(larder.reader().find("http://a/bad")->complete());
  CHECK_FALSE(larder.reader().find("http://a/small")->complete());
  CHECK(larder.reader().held(bad->extent, bad->size_bytes).next_missing({0}) == ChunkIndex{1});
  const auto done = larder.store().status().chunks_scrubbed;
  CHECK(within_ten_seconds([&] { return larder.store().status().chunks_scrubbed > done + 8; }));
  CHECK(larder.store().status().corrupt_chunks == 2);
}

TEST_CASE("how far the background has come is known after a restart") {
  const Directory directory;
  WallTime ended;
  {
    Larder larder(directory.path(), {64ULL << 20U, 0, std::chrono::seconds(1)});
    larder.keep("http://a/x", bytes_of(2 * kChunkBytes, 1));
    REQUIRE(within_ten_seconds([&] { return larder.store().status().scrub_ended != WallTime(); }));
    ended = larder.store().status().scrub_ended;
  }
  Larder larder(directory.path(), {64ULL << 20U, 0, std::chrono::hours(24)});
  CHECK(within_ten_seconds([&] { return larder.store().status().scrub_ended >= ended; }));
}

TEST_CASE("a chunk that came from the disk is cold until it has been checked") {
  const Directory directory;
  const std::uint64_t size = GENERATE(as<std::uint64_t>{}, 200'000, 2 * kChunkBytes);
  Object object;
  {
    Larder larder(directory.path());
    object = *larder.keep("http://a/x", bytes_of(size, 1));
    CHECK(larder.reader().read(object.extent, {0}, size, [](auto) {}) == ChunkState::ready);
  }
  Larder larder(directory.path());
  CHECK(larder.reader().read(object.extent, {0}, size, [](auto) { FAIL("visited"); }) == ChunkState::cold);
  CHECK(larder.reader().read_now(object.extent, {0}, size, [](auto) {}) == ChunkState::ready);
  CHECK(larder.reader().read(object.extent, {0}, size, [](auto) {}) == ChunkState::ready);
}

TEST_CASE("a map that is full is no room, and erasing makes some") {
  const Directory directory;
  auto environment = Environment::open({directory.path() / "tiny", 8 * kChunkBytes, 0});
  REQUIRE(environment);
  auto shelf = Shelf::open(std::move(*environment));
  REQUIRE(shelf);
  const auto bytes = bytes_of(kChunkBytes, 1);
  const auto put = [&](std::uint64_t extent) -> Status {
    auto txn = WriteTxn::begin(shelf->environment());
    if (!txn) return std::move(txn).error();
    auto charge = shelf->put(txn->handle(), {extent}, {0}, 2 * kChunkBytes, bytes);
    if (!charge) return std::move(charge).error();
    return std::move(*txn).commit();
  };
  std::uint64_t extent = 1;
  Status done = put(extent);
  while (done) done = put(++extent);
  CHECK(done.error().kind == ErrorKind::storage_full);
  CHECK(extent > 4);
  // What a commit frees, the next but one may use.
  for (std::uint64_t gone = 1; gone < 4; ++gone) {
    auto txn = WriteTxn::begin(shelf->environment());
    REQUIRE(txn);
    REQUIRE(erase(txn->handle(), shelf->table(), numbered_key({gone}, 0)));
    REQUIRE(std::move(*txn).commit());
  }
  CHECK(put(100));
}

TEST_CASE("the pager says what it found") {
  const Directory directory;
  Larder larder(directory.path());
  const ObjectPtr object = larder.keep("http://a/x", bytes_of(4 * kChunkBytes, 1));
  const auto pager = Pager::start(larder.store(), 2);
  const auto warm = [&](ChunkIndex chunk) {
    auto promise = std::make_shared<std::promise<ChunkState>>();
    pager->warm(object->extent, chunk, object->size_bytes, [promise](ChunkState state) { promise->set_value(state); });
    return promise->get_future().get();
  };
  CHECK(warm({1}) == ChunkState::ready);
  CHECK(warm({4}) == ChunkState::missing);
}

TEST_CASE("a chunk that is not in memory is cold until the pager has warmed it") {
  const Directory directory;
  const std::uint64_t size = GENERATE(as<std::uint64_t>{}, 200'000, 2 * kChunkBytes);
  Object object;
  {
    Larder larder(directory.path());
    object = *larder.keep("http://a/x", bytes_of(size, 1));
  }
  for (const char* name : {"chunks", "small"}) {
    const int file = open((directory.path() / name / "data.mdb").c_str(), O_RDONLY);
    REQUIRE(file >= 0);
    CHECK(posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0);
    close(file);
  }
  Larder larder(directory.path());
  const ChunkState before = larder.reader().read(object.extent, {0}, size, [](auto) {});
  if (before == ChunkState::ready) {
    WARN("the temporary directory is kept in memory: nothing in it is ever cold");
    return;
  }
  CHECK(before == ChunkState::cold);
  const auto pager = Pager::start(larder.store(), 1);
  std::promise<ChunkState> warmed;
  pager->warm(object.extent, {0}, size, [&](ChunkState state) { warmed.set_value(state); });
  CHECK(warmed.get_future().get() == ChunkState::ready);
  CHECK(larder.reader().read(object.extent, {0}, size, [](auto) {}) == ChunkState::ready);
}

TEST_CASE("an environment that cannot be opened is set aside, and the rest made to agree") {
  const std::string broken = GENERATE("index", "chunks", "small");
  const bool truncated = GENERATE(false, true);
  const Directory directory;
  const auto large = bytes_of(3 * kChunkBytes, 1);
  const auto small = bytes_of(100, 2);
  {
    Larder larder(directory.path());
    larder.keep("http://a/large", large);
    larder.keep("http://a/small", small);
  }
  const auto file = directory.path() / broken / "data.mdb";
  const auto length = std::filesystem::file_size(file);
  if (!truncated) write_garbage(file);
  if (truncated && length < 300 * 4096) return;  // too short to be told from a sound one by its length
  if (truncated) std::filesystem::resize_file(file, length / 2);
  Larder larder(directory.path());
  const StoreStatus status = larder.store().status();
  REQUIRE(status.set_aside.size() == 1);
  CHECK(status.set_aside[0].starts_with(broken + ": "));
  CHECK(status.broken.empty());
  for (const auto& [url, bytes] : {std::pair("http://a/large", large), std::pair("http://a/small", small)}) {
    const ObjectPtr object = larder.reader().find(url);
    const bool lost = broken == "index" || broken == (std::string_view(url) == "http://a/small" ? "small" : "chunks");
    CHECK((object && object->complete()) == !lost);
    CHECK(larder.read(*larder.keep(url, bytes)) == bytes);
  }
  larder.flush();
  CHECK(larder.store().status().bytes_held == 3 * kChunkBytes + 4096);
}

namespace {

// Puts objects until it is killed; a byte in the pipe for each that was answered complete.
[[noreturn]] void write_until_killed(const std::filesystem::path& path, int acknowledged, unsigned first) {
  const SystemClock clock;
  auto store = Store::open({path, 24 * kChunkBytes, 0}, clock);
  if (!store) _exit(3);
  for (unsigned i = first;; ++i) {
    const std::uint64_t size = i % 3 == 0 ? 3 * kChunkBytes + i : i % 3 == 1 ? 100'000 + i : i;
    const auto bytes = bytes_of(size, i);
    Object object;
    object.url = "http://a/" + std::to_string(i);
    object.extent = (*store)->new_extent();
    object.size_bytes = size;
    std::promise<void> answered;
    (*store)->put_object(object, nullptr);
    for (std::uint32_t chunk = 0; chunk < chunk_count(size); ++chunk) {
      (*store)->put_chunk(object.extent, {chunk}, size, chunk_of_bytes(bytes, {chunk}), nullptr);
    }
    (*store)->complete(object.url, object.extent, [&](const Result<ObjectPtr>& done) {
      if (done && write(acknowledged, &i, sizeof i) != sizeof i) _exit(4);
      answered.set_value();
    });
    answered.get_future().wait();
  }
}

}  // namespace

TEST_CASE("a store killed at any moment has everything it acknowledged") {
  const Directory directory;
  std::minstd_rand random(20260817);
  unsigned next = 1;
  for (int round = 0; round < 25; ++round) {
    int pipe_ends[2];
    REQUIRE(pipe(pipe_ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) write_until_killed(directory.path(), pipe_ends[1], next);
    close(pipe_ends[1]);
    // The moment: so many objects after the first, and a random part of one more.
    unsigned last = 0;
    const unsigned objects = 1 + static_cast<unsigned>(random() % 6);
    for (unsigned i = 0; i < objects && read(pipe_ends[0], &last, sizeof last) == sizeof last; ++i) {
    }
    std::this_thread::sleep_for(
        std::chrono::microseconds(random() % 8000));  // the randomness, not a wait for something
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    for (unsigned more = 0; read(pipe_ends[0], &more, sizeof more) == sizeof more;) last = more;
    close(pipe_ends[0]);
    REQUIRE(last >= next);

    Larder larder(directory.path(), {24 * kChunkBytes, 0});
    CAPTURE(round, next, last);
    for (unsigned i = next; i <= last; ++i) {
      const ObjectPtr object = larder.reader().find("http://a/" + std::to_string(i));
      REQUIRE(object);
      CHECK(object->complete());
    }
    const Reader::Listing all = larder.reader().list("", 100000);
    for (const ObjectPtr& object : all.objects) {
      if (object->complete()) CHECK(Sha256::of(larder.read(*object)) == *object->digest);
    }
    CHECK(larder.store().status().bytes_held <= 24 * kChunkBytes);
    CHECK(larder.store().status().set_aside.empty());
    next = last + 2;  // the one after may be there as well
  }
}

TEST_CASE("many threads read while one writes, replaces and evicts") {
  const Directory directory;
  Larder larder(directory.path(), {12 * kChunkBytes, 0});
  std::atomic<bool> stop{false};
  std::atomic<unsigned> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      const auto reader = Reader::make(larder.store());
      for (unsigned at = 0; !stop; ++at) {
        const ObjectPtr object = reader->find("http://a/" + std::to_string((at + static_cast<unsigned>(i)) % 9));
        if (!object) continue;
        const ExtentUse use(larder.store(), object->extent);
        larder.store().touch(object->extent);
        std::vector<std::byte> bytes;
        const ChunkState state = reader->read_now(object->extent, {0}, object->size_bytes, [&](auto piece) {
          bytes.insert(bytes.end(), piece.begin(), piece.end());
        });
        // The object's bytes begin with its seed's, whichever version it is.
        if (state == ChunkState::ready && bytes.size() != chunk_length({0}, object->size_bytes)) ++wrong;
      }
    });
  }
  for (unsigned round = 0; round < 45; ++round) {
    const std::uint64_t size = round % 2 == 0 ? 2 * kChunkBytes : 80'000;
    larder.keep("http://a/" + std::to_string(round % 9), bytes_of(size + round, round));
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(larder.store().status().corrupt_chunks == 0);
}
