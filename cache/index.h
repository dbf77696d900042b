// SPDX-License-Identifier: MIT
// The `index` environment: what is kept, under which name, and how it is checked. Typed access to its tables, within a
// transaction the caller owns. A record that cannot be decoded reads as absent; recovery removes it.
// Threads: the tables are fixed once open; each call belongs to the thread of its transaction.
#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "cache/environment.h"
#include "cache/object.h"
#include "cache/record.h"
#include "cache/scrub_place.h"

namespace larder::cache {

class Index {
 public:
  // Creates the tables and the format record. storage_damaged when the format is another one.
  static Result<Index> open(Environment environment);

  const Environment& environment() const { return environment_; }

  Result<std::optional<Object>> object(MDB_txn* txn, const UrlKey& key) const;
  // With the extent's digest when it is complete: what the rest of Larder calls an object. Nothing when another URL
  // has this URL's key.
  Result<ObjectPtr> whole_object(MDB_txn* txn, std::string_view url) const;
  Result<std::optional<ExtentRecord>> extent(MDB_txn* txn, ExtentId extent) const;
  Result<std::optional<MapPage>> page(MDB_txn* txn, ExtentId extent, std::uint32_t page) const;
  Result<std::optional<BlobRecord>> blob(MDB_txn* txn, const Digest& digest) const;
  // The check of a chunk; nothing when it is not held.
  Result<std::optional<std::uint64_t>> check(MDB_txn* txn, ExtentId extent, ChunkIndex chunk) const;
  Result<bool> pinned(MDB_txn* txn, const UrlKey& key) const;

  // `invalid` when the object has a part too long to be written.
  Status put_object(MDB_txn* txn, const UrlKey& key, const Object& object) const;
  Status put_extent(MDB_txn* txn, ExtentId extent, const ExtentRecord& record) const;
  Status put_page(MDB_txn* txn, ExtentId extent, std::uint32_t page, const MapPage& map) const;
  Status put_blob(MDB_txn* txn, const Digest& digest, const BlobRecord& blob) const;
  Status put_pin(MDB_txn* txn, const UrlKey& key, std::string_view url) const;
  Status put_recency(MDB_txn* txn, ExtentId extent, WallTime used) const;
  Status put_next_extent(MDB_txn* txn, ExtentId next) const;
  Result<ExtentId> next_extent(MDB_txn* txn) const;
  Status put_scrub_place(MDB_txn* txn, const ScrubPlace& place) const;
  Result<std::optional<ScrubPlace>> scrub_place(MDB_txn* txn) const;

  Status erase_object(MDB_txn* txn, const UrlKey& key) const;
  // The extent with its pages and recency, and its blob where that names it.
  Status erase_extent(MDB_txn* txn, ExtentId extent, const ExtentRecord& record) const;
  Status erase_blob(MDB_txn* txn, const Digest& digest, ExtentId only_of) const;
  Status erase_pin(MDB_txn* txn, const UrlKey& key) const;

  // For recovery and listings, which walk whole tables.
  MDB_dbi objects() const { return objects_; }
  MDB_dbi extents() const { return extents_; }
  MDB_dbi maps() const { return maps_; }
  MDB_dbi blobs() const { return blobs_; }
  MDB_dbi pins() const { return pins_; }
  MDB_dbi recency() const { return recency_; }

  static constexpr unsigned kTables = 7;

 private:
  explicit Index(Environment environment) : environment_(std::move(environment)) {}
  Status open_tables();
  Status check_format(MDB_txn* txn);

  Environment environment_;
  MDB_dbi meta_ = 0;
  MDB_dbi objects_ = 0;
  MDB_dbi extents_ = 0;
  MDB_dbi maps_ = 0;
  MDB_dbi blobs_ = 0;
  MDB_dbi pins_ = 0;
  MDB_dbi recency_ = 0;
};

}  // namespace larder::cache
