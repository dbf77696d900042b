// SPDX-License-Identifier: MIT
// Limits: what goes when there is no room, what never goes, and what happens on a full or broken disk.
#include <catch2/catch.hpp>
#include <cerrno>

#include "cache/shelf.h"
#include "support.h"

using namespace larder;
using namespace larder::cache;
using namespace larder::cache::testing;

namespace {

bool is_there(Larder& larder, const std::string& url) {
  const ObjectPtr object = larder.reader().find(url);
  return object && object->complete();
}

}  // namespace

TEST_CASE("the least recently used object goes first") {
  const Directory directory;
  Larder larder(directory.path(), {4 * kChunkBytes, 0});
  const ObjectPtr a = larder.keep("http://a/a", bytes_of(kChunkBytes, 1));
  larder.clock().advance(std::chrono::seconds(1));
  larder.keep("http://a/b", bytes_of(kChunkBytes, 2));
  larder.clock().advance(std::chrono::seconds(1));
  larder.keep("http://a/c", bytes_of(2 * kChunkBytes, 3));
  larder.clock().advance(std::chrono::seconds(1));
  larder.store().touch(a->extent);
  larder.keep("http://a/d", bytes_of(kChunkBytes, 4));
  CHECK(is_there(larder, "http://a/a"));
  CHECK_FALSE(is_there(larder, "http://a/b"));
  CHECK(is_there(larder, "http://a/c"));
  CHECK(is_there(larder, "http://a/d"));
  CHECK(larder.store().status().evicted_objects == 1);
  CHECK(larder.store().status().bytes_held == 4 * kChunkBytes);
}

TEST_CASE("the order of use is kept over a restart") {
  const Directory directory;
  {
    Larder larder(directory.path(), {4 * kChunkBytes, 0});
    const ObjectPtr a = larder.keep("http://a/a", bytes_of(kChunkBytes, 1));
    larder.clock().advance(std::chrono::seconds(1));
    larder.keep("http://a/b", bytes_of(kChunkBytes, 2));
    larder.clock().advance(std::chrono::seconds(1));
    larder.store().touch(a->extent);
  }
  Larder larder(directory.path(), {2 * kChunkBytes, 0});
  larder.clock().advance(std::chrono::seconds(9));
  larder.keep("http://a/c", bytes_of(kChunkBytes, 3));
  CHECK(is_there(larder, "http://a/a"));
  CHECK_FALSE(is_there(larder, "http://a/b"));
}

TEST_CASE("the limit is never exceeded, whatever the mixture") {
  const Directory directory;
  constexpr std::uint64_t kLimit = 6 * kChunkBytes;
  Larder larder(directory.path(), {kLimit, 0});
  for (unsigned i = 0; i < 40; ++i) {
    const std::uint64_t size = i % 3 == 0 ? 2 * kChunkBytes + i : 200'000ULL * (i % 5) + i;
    larder.keep("http://a/" + std::to_string(i), bytes_of(size, i));
    CHECK(larder.store().status().bytes_held <= kLimit);
  }
  CHECK(larder.store().status().evicted_objects > 0);
}

TEST_CASE("pinned objects and extents in use are spared, and then there is no room") {
  const Directory directory;
  Larder larder(directory.path(), {2 * kChunkBytes, 0});
  larder.keep("http://a/pinned", bytes_of(kChunkBytes, 1));
  REQUIRE(larder.pin("http://a/pinned"));
  const ObjectPtr used = larder.keep("http://a/used", bytes_of(kChunkBytes, 2));
  const auto bytes = bytes_of(kChunkBytes, 3);
  const ExtentId extent = larder.store().new_extent();
  REQUIRE(larder.describe("http://a/new", extent, bytes.size()));
  {
    const ExtentUse use(larder.store(), used->extent);
    CHECK(larder.put(extent, {0}, bytes).error().kind == ErrorKind::storage_full);
    CHECK(larder.store().status().full);
  }
  REQUIRE(larder.put(extent, {0}, bytes));
  CHECK_FALSE(larder.store().status().full);
  CHECK(is_there(larder, "http://a/pinned"));
  CHECK_FALSE(is_there(larder, "http://a/used"));
  REQUIRE(larder.unpin("http://a/pinned"));
  larder.keep("http://a/more", bytes_of(2 * kChunkBytes, 4));
  CHECK_FALSE(is_there(larder, "http://a/pinned"));
}

TEST_CASE("an object larger than the cache does not evict itself") {
  const Directory directory;
  Larder larder(directory.path(), {2 * kChunkBytes, 0});
  const auto bytes = bytes_of(3 * kChunkBytes, 1);
  const ExtentId extent = larder.store().new_extent();
  REQUIRE(larder.describe("http://a/x", extent, bytes.size()));
  REQUIRE(larder.put(extent, {0}, bytes));
  REQUIRE(larder.put(extent, {1}, bytes));
  CHECK(larder.put(extent, {2}, bytes).error().kind == ErrorKind::storage_full);
  CHECK(larder.reader().held(extent, bytes.size()).count() == 2);
}

TEST_CASE("a limit lowered by a reload is reached by eviction") {
  const Directory directory;
  Larder larder(directory.path(), {8 * kChunkBytes, 0});
  for (unsigned i = 0; i < 8; ++i) larder.keep("http://a/" + std::to_string(i), bytes_of(kChunkBytes, i));
  larder.store().set_limits(3 * kChunkBytes, 0);
  larder.keep("http://a/8", bytes_of(kChunkBytes, 8));
  CHECK(larder.store().status().bytes_held <= 3 * kChunkBytes);
  CHECK(larder.store().status().bytes_limit == 3 * kChunkBytes);
}

TEST_CASE("the disk's reserve is left alone, and space of the store's own is used again") {
  const Directory directory;
  Larder larder(directory.path(), {64 * kChunkBytes, 10 * kChunkBytes});
  larder.keep("http://a/old", bytes_of(10 * kChunkBytes, 1));
  larder.disk().free = 10 * kChunkBytes;
  const auto file = directory.path() / "chunks" / "data.mdb";
  const std::uint64_t before = std::filesystem::file_size(file);
  larder.keep("http://a/new", bytes_of(2 * kChunkBytes, 2));
  CHECK_FALSE(is_there(larder, "http://a/old"));
  REQUIRE(larder.pin("http://a/new"));

  const auto bytes = bytes_of(12 * kChunkBytes, 3);
  const ExtentId extent = larder.store().new_extent();
  REQUIRE(larder.describe("http://a/x", extent, bytes.size()));
  std::uint32_t kept = 0;
  while (kept < 12 && larder.put(extent, {kept}, bytes)) ++kept;
  CHECK(kept >= 4);
  CHECK(kept < 10);
  CHECK(larder.store().status().full);
  // Space just freed is used again a commit later: the first write after an eviction may add its own length.
  CHECK(std::filesystem::file_size(file) <= before + 2 * kChunkBytes);
}

TEST_CASE("a write that fails is answered, and the store is well again with the next that does not") {
  const int code = GENERATE(ENOSPC, EIO);
  const Directory directory;
  Larder larder(directory.path());
  const auto bytes = bytes_of(kChunkBytes + 1, 1);
  const ExtentId extent = larder.store().new_extent();
  REQUIRE(larder.describe("http://a/x", extent, bytes.size()));
  const ErrorKind kind = code == ENOSPC ? ErrorKind::storage_full : ErrorKind::storage_broken;

  larder.disk().fails = code;
  CHECK(larder.put(extent, {0}, bytes).error().kind == kind);
  CHECK(larder.describe("http://a/y", larder.store().new_extent(), 1).error().kind == kind);
  CHECK(larder.store().status().broken.empty() == (code == ENOSPC));
  larder.disk().fails = 0;
  larder.disk().index_fails = code;
  CHECK(larder.put(extent, {0}, bytes).error().kind == kind);
  CHECK(larder.reader().held(extent, bytes.size()).count() == 0);
  larder.disk().index_fails = 0;

  REQUIRE(larder.put(extent, {0}, bytes));
  REQUIRE(larder.put(extent, {1}, bytes));
  CHECK(larder.store().status().broken.empty());
  CHECK_FALSE(larder.store().status().full);
  const auto object = larder.complete("http://a/x", extent);
  REQUIRE(object);
  CHECK(larder.read(**object) == bytes);
  larder.flush();
  CHECK(larder.store().status().bytes_held == 2 * kChunkBytes);
  CHECK(larder.reader().find("http://a/y") == nullptr);
}
