// SPDX-License-Identifier: MIT
#include "cache/index.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace larder::cache {

namespace {

ByteView text_key(std::string_view text) {
  return std::as_bytes(std::span(text));
}

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kNextExtentKey = "next_extent";
constexpr std::string_view kScrubKey = "scrub";

template <class Record, class Decode>
Result<std::optional<Record>> decoded(Result<std::optional<ByteView>> found, Decode decode) {
  if (!found) return std::move(found).error();
  if (!*found) return std::optional<Record>();
  return decode(**found);
}

}  // namespace

Result<Index> Index::open(Environment environment) {
  Index index(std::move(environment));
  if (Status opened = index.open_tables(); !opened) return std::move(opened).error();
  return index;
}

Status Index::open_tables() {
  struct Table {
    const char* name;
    MDB_dbi* handle;
  };
  const std::array<Table, kTables> tables = {{{"meta", &meta_},
                                              {"objects", &objects_},
                                              {"extents", &extents_},
                                              {"maps", &maps_},
                                              {"blobs", &blobs_},
                                              {"pins", &pins_},
                                              {"recency", &recency_}}};
  auto txn = WriteTxn::begin_opening(environment_);
  if (!txn) return std::move(txn).error();
  for (const Table& table : tables) {
    auto opened = open_table(*txn, environment_, table.name);
    if (!opened) return std::move(opened).error();
    *table.handle = *opened;
  }
  if (Status checked = check_format(txn->handle()); !checked) return checked;
  return std::move(*txn).commit();
}

Status Index::check_format(MDB_txn* txn) {
  auto found = get(txn, meta_, text_key(kFormatKey));
  if (!found) return std::move(found).error();
  std::array<std::byte, 4> expected{};
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = static_cast<std::byte>(kFormat >> (8 * i));
  if (!*found) return put(txn, meta_, text_key(kFormatKey), expected);
  if (!std::ranges::equal(**found, expected)) {
    return fail(ErrorKind::storage_damaged, "the index is of another format than this larderd writes");
  }
  return ok();
}

Result<std::optional<Object>> Index::object(MDB_txn* txn, const UrlKey& key) const {
  return decoded<Object>(get(txn, objects_, key.bytes), decode_object);
}

Result<ObjectPtr> Index::whole_object(MDB_txn* txn, std::string_view url) const {
  auto found = object(txn, url_key(url));
  if (!found) return std::move(found).error();
  if (!*found || (*found)->url != url) return ObjectPtr();
  auto its_extent = extent(txn, (*found)->extent);
  if (!its_extent) return std::move(its_extent).error();
  if (!*its_extent) return ObjectPtr();
  if ((*its_extent)->complete) (*found)->digest = (*its_extent)->digest;
  return ObjectPtr(std::make_shared<const Object>(std::move(**found)));
}

Result<std::optional<ExtentRecord>> Index::extent(MDB_txn* txn, ExtentId extent) const {
  return decoded<ExtentRecord>(get(txn, extents_, extent_key(extent)), decode_extent);
}

Result<std::optional<MapPage>> Index::page(MDB_txn* txn, ExtentId extent, std::uint32_t page) const {
  return decoded<MapPage>(get(txn, maps_, numbered_key(extent, page)), decode_map_page);
}

Result<std::optional<BlobRecord>> Index::blob(MDB_txn* txn, const Digest& digest) const {
  return decoded<BlobRecord>(get(txn, blobs_, digest.bytes), decode_blob);
}

Result<std::optional<std::uint64_t>> Index::check(MDB_txn* txn, ExtentId extent, ChunkIndex chunk) const {
  auto found = page(txn, extent, chunk.value / kChunksPerPage);
  if (!found) return std::move(found).error();
  const std::uint32_t slot = chunk.value % kChunksPerPage;
  if (!*found || !(*found)->has(slot)) return std::optional<std::uint64_t>();
  return std::optional<std::uint64_t>((*found)->check(slot));
}

Result<bool> Index::pinned(MDB_txn* txn, const UrlKey& key) const {
  auto found = get(txn, pins_, key.bytes);
  if (!found) return std::move(found).error();
  return found->has_value();
}

Status Index::put_object(MDB_txn* txn, const UrlKey& key, const Object& object) const {
  const std::optional<Bytes> record = encode(object);
  if (!record) return fail(ErrorKind::invalid, "an object's URL, validators or fields are too long to be kept");
  return put(txn, objects_, key.bytes, *record);
}

Status Index::put_extent(MDB_txn* txn, ExtentId extent, const ExtentRecord& record) const {
  return put(txn, extents_, extent_key(extent), encode(record));
}

Status Index::put_page(MDB_txn* txn, ExtentId extent, std::uint32_t page, const MapPage& map) const {
  return put(txn, maps_, numbered_key(extent, page), encode(map));
}

Status Index::put_blob(MDB_txn* txn, const Digest& digest, const BlobRecord& blob) const {
  return put(txn, blobs_, digest.bytes, encode(blob));
}

Status Index::put_pin(MDB_txn* txn, const UrlKey& key, std::string_view url) const {
  return put(txn, pins_, key.bytes, text_key(url));
}

Status Index::put_recency(MDB_txn* txn, ExtentId extent, WallTime used) const {
  return put(txn, recency_, extent_key(extent),
             encode_number(static_cast<std::uint64_t>(used.time_since_epoch().count())));
}

Status Index::put_next_extent(MDB_txn* txn, ExtentId next) const {
  return put(txn, meta_, text_key(kNextExtentKey), encode_number(next.value));
}

Result<ExtentId> Index::next_extent(MDB_txn* txn) const {
  auto found = get(txn, meta_, text_key(kNextExtentKey));
  if (!found) return std::move(found).error();
  if (!*found) return ExtentId{1};
  return ExtentId{decode_number(**found).value_or(1)};
}

Status Index::put_scrub_place(MDB_txn* txn, const ScrubPlace& place) const {
  return put(txn, meta_, text_key(kScrubKey), encode(place));
}

Result<std::optional<ScrubPlace>> Index::scrub_place(MDB_txn* txn) const {
  return decoded<ScrubPlace>(get(txn, meta_, text_key(kScrubKey)), decode_scrub_place);
}

Status Index::erase_object(MDB_txn* txn, const UrlKey& key) const {
  return erase(txn, objects_, key.bytes);
}

Status Index::erase_extent(MDB_txn* txn, ExtentId extent, const ExtentRecord& record) const {
  const std::uint32_t chunks = chunk_count(record.size_bytes);
  for (std::uint32_t page = 0; page_slots(chunks, page) > 0; ++page) {
    if (Status erased = erase(txn, maps_, numbered_key(extent, page)); !erased) return erased;
  }
  if (record.digest) {
    if (Status erased = erase_blob(txn, *record.digest, extent); !erased) return erased;
  }
  if (Status erased = erase(txn, recency_, extent_key(extent)); !erased) return erased;
  return erase(txn, extents_, extent_key(extent));
}

Status Index::erase_blob(MDB_txn* txn, const Digest& digest, ExtentId only_of) const {
  auto found = blob(txn, digest);
  if (!found) return std::move(found).error();
  if (!*found || (*found)->extent != only_of) return ok();
  return erase(txn, blobs_, digest.bytes);
}

Status Index::erase_pin(MDB_txn* txn, const UrlKey& key) const {
  return erase(txn, pins_, key.bytes);
}

}  // namespace larder::cache
