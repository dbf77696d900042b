// SPDX-License-Identifier: MIT
// What Store and Reader promise, from outside.
#include "cache/store.h"

#include <catch2/catch.hpp>
#include <set>

#include "cache/shelf.h"
#include "support.h"

using namespace larder;
using namespace larder::cache;
using namespace larder::cache::testing;

TEST_CASE("an object of any size comes back byte for byte, before and after a restart") {
  const std::uint64_t size = GENERATE(as<std::uint64_t>{}, 0, 1, 65519, 65520, 65521, 131040, kChunkBytes - 1,
                                      kChunkBytes, kChunkBytes + 1, 3 * kChunkBytes, 3 * kChunkBytes + 17);
  CAPTURE(size);
  const Directory directory;
  const auto bytes = bytes_of(size, 7);
  {
    Larder larder(directory.path());
    const ObjectPtr object = larder.keep("http://a/x", bytes);
    CHECK(object->complete());
    CHECK(object->digest == Sha256::of(bytes));
    CHECK(larder.read(*object) == bytes);
    CHECK(larder.store().status().objects_complete == 1);
  }
  Larder larder(directory.path());
  const ObjectPtr object = larder.reader().find("http://a/x");
  REQUIRE(object);
  CHECK(object->digest == Sha256::of(bytes));
  CHECK(object->etag == "\"http://a/x\"");
  CHECK(larder.read(*object) == bytes);
  CHECK(larder.reader().held(object->extent, size).full());
  CHECK(larder.store().status().set_aside.empty());
}

TEST_CASE("a chunk just written is in memory and is visited at once") {
  const Directory directory;
  Larder larder(directory.path());
  const auto bytes = bytes_of(2 * kChunkBytes + 5, 1);
  const ObjectPtr object = larder.keep("http://a/x", bytes);
  std::size_t visited = 0;
  CHECK(larder.reader().read(object->extent, {2}, object->size_bytes, [&](auto piece) { visited += piece.size(); }) ==
        ChunkState::ready);
  CHECK(visited == 5);
  CHECK(larder.reader().read(object->extent, {3}, object->size_bytes, [](auto) {}) == ChunkState::missing);
}

TEST_CASE("chunks may come in any order and twice") {
  const Directory directory;
  Larder larder(directory.path());
  const auto bytes = bytes_of(5 * kChunkBytes + 100, 2);
  const ExtentId extent = larder.store().new_extent();
  REQUIRE(larder.describe("http://a/x", extent, bytes.size()));
  for (const std::uint32_t chunk : {3U, 5U, 0U, 3U, 4U, 1U}) REQUIRE(larder.put(extent, {chunk}, bytes));
  const ChunkMap held = larder.reader().held(extent, bytes.size());
  CHECK(held.count() == 5);
  CHECK(held.next_missing({0}) == ChunkIndex{2});
  CHECK(held.next_held({2}) == ChunkIndex{3});
  CHECK(held.next_missing({3}) == ChunkIndex{6});
  CHECK(larder.complete("http://a/x", extent).error().kind == ErrorKind::invalid);
  REQUIRE(larder.put(extent, {2}, bytes));
  const auto object = larder.complete("http://a/x", extent);
  REQUIRE(object);
  CHECK((*object)->digest == Sha256::of(bytes));
  CHECK(larder.store().status().bytes_held == 6 * kChunkBytes);
}

TEST_CASE("the chunks of an object with many gigabytes may lie anywhere in it") {
  const Directory directory;
  Larder larder(directory.path());
  const std::uint64_t size = (20ULL << 30U) + 1;
  const std::uint32_t last = chunk_count(size) - 1;
  const ExtentId extent = larder.store().new_extent();
  REQUIRE(larder.describe("http://a/large", extent, size));
  const auto put = [&](std::uint32_t chunk) {
    auto buffer = std::make_shared<ChunkBuffer>(chunk_length({chunk}, size));
    buffer->append(bytes_of(buffer->capacity(), chunk));
    larder.store().put_chunk(extent, {chunk}, size, buffer, nullptr);
  };
  for (const std::uint32_t chunk : {127U, 128U, 10000U, last}) put(chunk);
  larder.flush();
  const ChunkMap held = larder.reader().held(extent, size);
  CHECK(held.count() == 4);
  CHECK(held.has({128}));
  CHECK(held.has({last}));
  CHECK(larder.reader().list("", 10).bytes_held.at(0) == 3 * kChunkBytes + 1);
}

TEST_CASE("a chunk of the wrong length is refused") {
  const Directory directory;
  Larder larder(directory.path());
  auto buffer = std::make_shared<ChunkBuffer>(10);
  buffer->append(bytes_of(10, 1));
  Status outcome = ok();
  larder.store().put_chunk(larder.store().new_extent(), {0}, 11, buffer, [&](Status status) { outcome = status; });
  larder.flush();
  CHECK(outcome.error().kind == ErrorKind::invalid);
}

TEST_CASE("two objects with the same bytes share one extent and keep their own etags") {
  const std::uint64_t size = GENERATE(as<std::uint64_t>{}, 1000, 2 * kChunkBytes + 9);
  const Directory directory;
  Larder larder(directory.path());
  const auto bytes = bytes_of(size, 3);
  const ObjectPtr first = larder.keep("http://a/x", bytes);
  const std::uint64_t held = larder.store().status().bytes_held;
  const ObjectPtr second = larder.keep("http://b/y", bytes);
  larder.flush();
  CHECK(second->extent == first->extent);
  CHECK(second->etag == "\"http://b/y\"");
  CHECK(larder.store().status().bytes_held == held);
  CHECK(larder.store().status().blobs == 1);
  CHECK(larder.store().status().objects_complete == 2);
  REQUIRE(larder.remove("http://a/x"));
  larder.flush();
  CHECK(larder.read(*larder.reader().find("http://b/y")) == bytes);
  REQUIRE(larder.remove("http://b/y"));
  larder.flush();
  CHECK(larder.store().status().bytes_held == 0);
  CHECK(larder.store().status().blobs == 0);
}

TEST_CASE("bytes that are not those a catalogue names are dropped") {
  const Directory directory;
  Larder larder(directory.path());
  const auto bytes = bytes_of(kChunkBytes + 1, 4);
  const ExtentId extent = larder.store().new_extent();
  REQUIRE(larder.describe("http://a/x", extent, bytes.size()));
  REQUIRE(larder.put(extent, {0}, bytes));
  REQUIRE(larder.put(extent, {1}, bytes));
  CHECK(larder.complete_as("http://a/x", extent, Sha256::of({})).error().kind == ErrorKind::corrupt);
  larder.flush();
  CHECK(larder.reader().find("http://a/x") == nullptr);
  CHECK(larder.store().status().bytes_held == 0);
  CHECK(larder.put(extent, {0}, bytes).error().kind == ErrorKind::not_found);
}

TEST_CASE("replacing an object drops its old bytes, but not while they are being sent") {
  const Directory directory;
  Larder larder(directory.path());
  const auto old_bytes = bytes_of(kChunkBytes, 5);
  const ObjectPtr old_object = larder.keep("http://a/x", old_bytes);
  {
    const ExtentUse use(larder.store(), old_object->extent);
    larder.keep("http://a/x", bytes_of(kChunkBytes, 6));
    larder.flush();
    CHECK(larder.read(*old_object) == old_bytes);
  }
  const ObjectPtr second = larder.reader().find("http://a/x");
  larder.keep("http://a/x", bytes_of(kChunkBytes, 8));
  larder.flush();
  CHECK(larder.read(*second).empty());
}

TEST_CASE("refreshing an object keeps its bytes, its digest and tells readers") {
  const Directory directory;
  Larder larder(directory.path());
  const auto bytes = bytes_of(100, 5);
  Object fresh = *larder.keep("http://a/x", bytes);
  const ObjectPtr before = larder.reader().find("http://a/x");
  CHECK(larder.reader().find("http://a/x") == before);
  const std::uint64_t epoch = larder.store().epoch();
  fresh.freshness.lifetime = std::chrono::seconds(77);
  fresh.digest.reset();
  larder.store().put_object(fresh, nullptr);
  larder.flush();
  CHECK(larder.store().epoch() > epoch);
  const ObjectPtr after = larder.reader().find("http://a/x");
  CHECK(after->freshness.lifetime == std::chrono::seconds(77));
  CHECK(after->digest == Sha256::of(bytes));
}

TEST_CASE("an URL that is not there is looked up again once it is") {
  const Directory directory;
  Larder larder(directory.path());
  CHECK(larder.reader().find("http://a/x") == nullptr);
  CHECK(larder.remove("http://a/x").error().kind == ErrorKind::not_found);
  CHECK(larder.pin("http://a/x").error().kind == ErrorKind::not_found);
  larder.keep("http://a/x", bytes_of(1, 1));
  CHECK(larder.reader().find("http://a/x") != nullptr);
}

TEST_CASE("a listing goes through all objects, a few at a time") {
  const Directory directory;
  Larder larder(directory.path());
  for (unsigned i = 0; i < 7; ++i) larder.keep("http://a/" + std::to_string(i), bytes_of(100 + i, i));
  REQUIRE(larder.pin("http://a/3"));
  std::set<std::string> seen;
  std::string cursor;
  do {
    const Reader::Listing page = larder.reader().list(cursor, 3);
    for (std::size_t i = 0; i < page.objects.size(); ++i) {
      CHECK(seen.insert(page.objects[i]->url).second);
      CHECK(page.objects[i]->complete());
      CHECK(page.bytes_held[i] == page.objects[i]->size_bytes);
      CHECK(page.pinned[i] == (page.objects[i]->url == "http://a/3"));
    }
    cursor = page.next;
  } while (!cursor.empty());
  CHECK(seen.size() == 7);
}

TEST_CASE("an extent's number is never given again, not after a restart") {
  const Directory directory;
  ExtentId last;
  {
    Larder larder(directory.path());
    last = larder.store().new_extent();
  }
  Larder larder(directory.path());
  CHECK(larder.store().new_extent() > last);
}

TEST_CASE("a second larderd on the same store is refused") {
  const Directory directory;
  const Larder larder(directory.path());
  const SystemClock clock;
  const auto second = Store::open({directory.path(), kChunkBytes, 0}, clock);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::refused);
}

TEST_CASE("network file systems are known by their magic") {
  CHECK(network_file_system(0x6969) == "NFS");
  CHECK(network_file_system(0xFFFFFFFFFF534D42) == "CIFS");
  CHECK(network_file_system(0xEF53).empty());      // ext4
  CHECK(network_file_system(0x65735546).empty());  // FUSE
}
