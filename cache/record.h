// SPDX-License-Identifier: MIT
// The stored records of the index, to the byte. Keys are big-endian so that they sort; values are little-endian. Every
// decoder accepts arbitrary bytes and answers nothing for what it did not write. Pure.
//
// text    u32 length, then as many bytes
// check   XXH3-64 (seed 0) of all bytes of the value before it
//
// objects: key XXH3-128 of the URL (canonical form, 16 bytes)
//   u8 2 | u8 flags (bit 0 must_revalidate, bit 1 immutable, bit 2 stale-if-error was said) | u16 status | u64 extent
//   | u64 size | i64 stored_at us | i64 response_time us | i64 initial_age s | i64 lifetime s
//   | u32 stale-while-revalidate s | u32 stale-if-error s | text url | text etag | text origin etag
//   | text origin last_modified | u16 n, n x text other etags | u16 n, n x (text name, text value) | u64 check
//   Version 1, which is read too, has no status and neither stale-while-revalidate nor stale-if-error.
// extents: key u64 extent
//   u8 1 | u8 flags (bit 0 complete, bit 1 digest known) | u64 size | u64 bytes held | u32 chunks held
//   | 32 bytes SHA-256 (zeros when not known) | u64 check                                        (62 bytes)
// maps: key u64 extent, u32 page; one record per 128 chunks
//   16 bytes, chunk i of the page held = bit i%8 of byte i/8 | n x u64 XXH3-64 of the chunk's bytes | u64 check
//   n = chunks of the extent in this page, at most 128; the check of a chunk not held is 0.
//   At most 1,048 bytes: small enough to lie inside a leaf page, so an update of a 20 GB object writes one page.
// blobs: key 32 bytes SHA-256
//   u64 extent | u64 size
// pins: key as objects; value the URL's bytes
// recency: key u64 extent; value i64 us since 1970 of the last use
// meta: key "format", value u32 kFormat; key "next_extent", value u64: every id ever given is below it
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "cache/object.h"

namespace larder::cache {

inline constexpr std::uint32_t kFormat = 1;

struct UrlKey {
  std::array<std::byte, 16> bytes{};
  auto operator<=>(const UrlKey&) const = default;
};
UrlKey url_key(std::string_view url);

std::array<std::byte, 8> extent_key(ExtentId extent);
// Of a chunk, a piece or a map page.
std::array<std::byte, 12> numbered_key(ExtentId extent, std::uint32_t number);
std::optional<ExtentId> decode_extent_key(std::span<const std::byte> key);

struct NumberedKey {
  ExtentId extent;
  std::uint32_t number = 0;
};
std::optional<NumberedKey> decode_numbered_key(std::span<const std::byte> key);

struct ExtentRecord {
  std::uint64_t size_bytes = 0;
  std::uint64_t bytes_held = 0;
  std::uint32_t chunks_held = 0;
  bool complete = false;
  std::optional<Digest> digest;  // also of an extent that was complete and lost a chunk: what it must become again
};

inline constexpr std::uint32_t kChunksPerPage = 128;

class MapPage {
 public:
  // `slots` at most kChunksPerPage.
  explicit MapPage(std::uint32_t slots) : checks_(slots, 0) {}

  std::uint32_t slots() const { return static_cast<std::uint32_t>(checks_.size()); }
  bool has(std::uint32_t slot) const;
  std::uint64_t check(std::uint32_t slot) const { return checks_[slot]; }
  void set(std::uint32_t slot, std::uint64_t check);
  void clear(std::uint32_t slot);

 private:
  std::array<std::uint8_t, kChunksPerPage / 8> held_{};
  std::vector<std::uint64_t> checks_;
};

// Slots of page `page` of an extent of so many chunks.
constexpr std::uint32_t page_slots(std::uint32_t chunks, std::uint32_t page) {
  const std::uint64_t before = std::uint64_t{page} * kChunksPerPage;
  if (before >= chunks) return 0;
  const std::uint64_t left = chunks - before;
  return static_cast<std::uint32_t>(left < kChunksPerPage ? left : kChunksPerPage);
}

struct BlobRecord {
  ExtentId extent;
  std::uint64_t size_bytes = 0;
};

using Bytes = std::vector<std::byte>;

// Nothing when a part is longer than the format can say (a text of 4 GiB, 65,536 fields).
std::optional<Bytes> encode(const Object& object);
Bytes encode(const ExtentRecord& extent);
Bytes encode(const MapPage& page);
Bytes encode(const BlobRecord& blob);
Bytes encode_number(std::uint64_t number);  // u64

// The object's digest is not part of the record: it is the extent's.
std::optional<Object> decode_object(std::span<const std::byte> value);
std::optional<ExtentRecord> decode_extent(std::span<const std::byte> value);
std::optional<MapPage> decode_map_page(std::span<const std::byte> value);
std::optional<BlobRecord> decode_blob(std::span<const std::byte> value);
std::optional<std::uint64_t> decode_number(std::span<const std::byte> value);

// XXH3-64: the check of a chunk's bytes (without padding) and of a record.
std::uint64_t check_of(std::span<const std::byte> bytes);

}  // namespace larder::cache
