// SPDX-License-Identifier: MIT
// The stored bytes: an environment written by hand, byte for byte as documented, is read by the store.
#include "cache/record.h"

#include <xxhash.h>

#include <catch2/catch.hpp>

#include "cache/environment.h"
#include "cache/index.h"
#include "support.h"

using namespace larder;
using namespace larder::cache;
using namespace larder::cache::testing;

namespace {

// Bytes written one after another, knowing nothing of record.cpp.
struct Hand {
  std::vector<std::byte> bytes;

  Hand& little(std::uint64_t number, int width) {
    for (int i = 0; i < width; ++i) bytes.push_back(static_cast<std::byte>(number >> (8 * i)));
    return *this;
  }
  Hand& big(std::uint64_t number, int width) {
    for (int i = width - 1; i >= 0; --i) bytes.push_back(static_cast<std::byte>(number >> (8 * i)));
    return *this;
  }
  Hand& text(std::string_view text) {
    little(text.size(), 4);
    for (const char c : text) bytes.push_back(static_cast<std::byte>(c));
    return *this;
  }
  Hand& raw(std::span<const std::byte> more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return *this;
  }
  Hand& check() { return little(XXH3_64bits(bytes.data(), bytes.size()), 8); }
};

class HandWriter {
 public:
  HandWriter(const std::filesystem::path& directory, unsigned tables)
      : environment_(std::move(*Environment::open({directory, 64ULL << 20U, tables}))),
        txn_(std::move(*WriteTxn::begin(environment_))) {}
  void put(const char* table, const Hand& key, const Hand& value) {
    MDB_dbi handle = 0;
    REQUIRE(mdb_dbi_open(txn_.handle(), table, table == nullptr ? 0 : MDB_CREATE, &handle) == 0);
    REQUIRE(cache::put(txn_.handle(), handle, key.bytes, value.bytes));
  }
  void commit() { REQUIRE(std::move(txn_).commit()); }

 private:
  Environment environment_;
  WriteTxn txn_;
};

Hand text_of(std::string_view text) {
  Hand hand;
  for (const char c : text) hand.bytes.push_back(static_cast<std::byte>(c));
  return hand;
}

}  // namespace

TEST_CASE("an environment written by the documented bytes alone is read") {
  const Directory directory;
  const std::string url = "http://example.net/update.pkg";
  const auto bytes = bytes_of(kChunkBytes + 3, 1);
  const Digest digest = Sha256::of(bytes);
  const XXH128_hash_t name = XXH3_128bits(url.data(), url.size());
  const Hand key = Hand().big(name.high64, 8).big(name.low64, 8);
  constexpr std::uint64_t kExtent = 41;
  {
    HandWriter index(directory.path() / "index", 7);
    index.put("meta", text_of("format"), Hand().little(1, 4));
    index.put("meta", text_of("next_extent"), Hand().little(1000, 8));
    index.put("objects", key,
              Hand()
                  .little(2, 1)
                  .little(7, 1)
                  .little(203, 2)
                  .little(kExtent, 8)
                  .little(bytes.size(), 8)
                  .little(1'700'000'000'000'001, 8)
                  .little(1'700'000'000'000'002, 8)
                  .little(3, 8)
                  .little(86400, 8)
                  .little(30, 4)
                  .little(40, 4)
                  .text(url)
                  .text("\"e\"")
                  .text("\"o\"")
                  .text("Mon, 17 Aug 2026 15:04:05 GMT")
                  .little(1, 2)
                  .text("\"other\"")
                  .little(1, 2)
                  .text("Content-Type")
                  .text("application/octet-stream")
                  .check());
    index.put("extents", Hand().big(kExtent, 8),
              Hand()
                  .little(1, 1)
                  .little(3, 1)
                  .little(bytes.size(), 8)
                  .little(bytes.size(), 8)
                  .little(2, 4)
                  .raw(digest.bytes)
                  .check());
    index.put("maps", Hand().big(kExtent, 8).big(0, 4),
              Hand()
                  .little(3, 8)
                  .little(0, 8)
                  .little(XXH3_64bits(bytes.data(), kChunkBytes), 8)
                  .little(XXH3_64bits(bytes.data() + kChunkBytes, 3), 8)
                  .check());
    index.put("blobs", Hand().raw(digest.bytes), Hand().little(kExtent, 8).little(bytes.size(), 8));
    index.put("pins", key, text_of(url));
    index.put("recency", Hand().big(kExtent, 8), Hand().little(1'700'000'000'000'000, 8));
    index.commit();
    HandWriter chunks(directory.path() / "chunks", 0);
    chunks.put(nullptr, Hand().big(kExtent, 8).big(0, 4), Hand().raw(std::span(bytes).first(kChunkBytes)));
    Hand tail = Hand().raw(std::span(bytes).subspan(kChunkBytes));
    tail.bytes.resize(kChunkBytes);
    chunks.put(nullptr, Hand().big(kExtent, 8).big(1, 4), tail);
    chunks.commit();
  }
  Larder larder(directory.path());
  CHECK(larder.store().status().set_aside.empty());
  const ObjectPtr object = larder.reader().find(url);
  REQUIRE(object);
  CHECK(object->extent == ExtentId{kExtent});
  CHECK(object->digest == digest);
  CHECK(object->etag == "\"e\"");
  CHECK(object->origin == Validators{"\"o\"", "Mon, 17 Aug 2026 15:04:05 GMT"});
  CHECK(object->other_etags == std::vector<std::string>{"\"other\""});
  CHECK(object->fields.at(0).first == "Content-Type");
  CHECK(object->freshness.must_revalidate);
  CHECK(object->freshness.initial_age == std::chrono::seconds(3));
  CHECK(object->freshness.lifetime == std::chrono::seconds(86400));
  CHECK(object->status == 203);
  CHECK(object->freshness.immutable);
  CHECK(object->freshness.stale_while_revalidate == std::chrono::seconds(30));
  CHECK(object->freshness.stale_if_error == std::chrono::seconds(40));
  CHECK(object->stored_at.time_since_epoch().count() == 1'700'000'000'000'001);
  CHECK(larder.read(*object) == bytes);
  CHECK(larder.reader().list("", 9).pinned.at(0));
  CHECK(larder.store().new_extent() == ExtentId{1000});
  CHECK(larder.verify().chunks_corrupt == 0);
}

TEST_CASE("objects as 0.1.0 wrote them are read") {
  const Hand hand = Hand()
                        .little(1, 1)
                        .little(1, 1)
                        .little(41, 8)
                        .little(5, 8)
                        .little(1, 8)
                        .little(2, 8)
                        .little(3, 8)
                        .little(86400, 8)
                        .text("http://example.net/a")
                        .text("\"e\"")
                        .text("\"o\"")
                        .text("")
                        .little(0, 2)
                        .little(0, 2)
                        .check();
  const auto object = decode_object(hand.bytes);
  REQUIRE(object);
  CHECK(object->status == 200);
  CHECK(object->extent == ExtentId{41});
  CHECK(object->freshness.must_revalidate);
  CHECK(object->freshness.lifetime == std::chrono::seconds(86400));
  CHECK_FALSE(object->freshness.stale_if_error.has_value());
  CHECK(object->origin.etag == "\"o\"");
}

TEST_CASE("an index of another format is set aside") {
  const Directory directory;
  {
    HandWriter index(directory.path() / "index", 7);
    index.put("meta", text_of("format"), Hand().little(2, 4));
    index.commit();
  }
  Larder larder(directory.path());
  CHECK(larder.store().status().set_aside.size() == 1);
}

TEST_CASE("every cut and every flipped bit of a record is noticed") {
  Object object;
  object.url = "http://a/x";
  object.extent = {7};
  object.etag = "\"a\"";
  object.other_etags = {"\"b\"", "\"c\""};
  object.fields = {{"A", "b"}};
  const Bytes whole = *encode(object);
  REQUIRE(decode_object(whole));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CHECK_FALSE(decode_object(std::span(whole).first(length)));
  }
  for (std::size_t i = 0; i < whole.size(); ++i) {
    Bytes flipped = whole;
    flipped[i] ^= std::byte{1};
    CHECK_FALSE(decode_object(flipped));
  }
}

TEST_CASE("a map page of 128 chunks stays inside a leaf page") {
  MapPage page(kChunksPerPage);
  for (std::uint32_t slot = 0; slot < kChunksPerPage; ++slot) page.set(slot, slot * 3);
  const Bytes bytes = encode(page);
  CHECK(bytes.size() == 1048);
  const auto again = decode_map_page(bytes);
  REQUIRE(again);
  CHECK(again->has(127));
  CHECK(again->check(127) == 381);
  CHECK(page_slots(129, 0) == 128);
  CHECK(page_slots(129, 1) == 1);
  CHECK(page_slots(128, 1) == 0);
}
