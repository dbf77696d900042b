// SPDX-License-Identifier: MIT
#include "cache/recovery.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace larder::cache {

namespace {

// Extents a run may number before the reservation is looked at again, which is at the next open.
constexpr std::uint64_t kExtentsPerRun = 1ULL << 32U;

// What lies on a shelf under one extent.
struct Found {
  ExtentId extent;
  std::vector<std::uint32_t> numbers;  // chunks or pieces, ascending
  std::uint64_t bytes = 0;
};

class Recovery {
 public:
  Recovery(StoreEnvironments& environments, Inventory& inventory, Room& room, MDB_txn* txn)
      : environments_(environments), index_(environments.index), inventory_(inventory), room_(room), txn_(txn) {}

  Status run() {
    if (Status done = load_inventory(index_, txn_, inventory_); !done) return done;
    if (Status done = compare_shelf(environments_.chunks, false); !done) return done;
    if (Status done = compare_shelf(environments_.small, true); !done) return done;
    room_.set_held(held_);
    if (Status done = unmark_what_was_not_found(); !done) return done;
    if (Status done = drop_unnamed(); !done) return done;
    if (Status done = remove_records([this](const Entry& e) { return object_is_sound(e); }, index_.objects()); !done) {
      return done;
    }
    if (Status done = remove_records([this](const Entry& e) { return extent_is_sound(e); }, index_.extents()); !done) {
      return done;
    }
    if (Status done = remove_records([this](const Entry& e) { return page_is_sound(e); }, index_.maps()); !done) {
      return done;
    }
    if (Status done = remove_records([this](const Entry& e) { return blob_is_sound(e); }, index_.blobs()); !done) {
      return done;
    }
    return write_changed();
  }

  Status reserve_numbers() {
    auto reserved = index_.next_extent(txn_);
    if (!reserved) return std::move(reserved).error();
    next_ = {std::max(reserved->value, highest_.value + 1)};
    return index_.put_next_extent(txn_, {next_.value + kExtentsPerRun});
  }
  ExtentId next() const { return {std::max(next_.value, highest_.value + 1)}; }

  const std::vector<Found>& strays() const { return strays_; }
  std::uint64_t lost() const { return lost_; }

 private:
  Status compare_shelf(const Shelf& shelf, bool small) {
    auto txn = ReadTxn::begin(shelf.environment());
    if (!txn) return std::move(txn).error();
    auto cursor = Cursor::open(txn->handle(), shelf.table());
    if (!cursor) return std::move(cursor).error();
    Found found;
    auto entry = cursor->first();
    while (entry && *entry) {
      const auto key = decode_numbered_key((*entry)->key);
      if (!key) return fail(ErrorKind::storage_damaged, shelf.environment().name() + " has keys of another format");
      if (key->extent != found.extent) {
        compare(std::exchange(found, Found{key->extent, {}, 0}), small);
      }
      found.numbers.push_back(key->number);
      found.bytes += (*entry)->value.size();
      (small ? held_.small : held_.chunks) += charge_of_value((*entry)->value.size());
      entry = cursor->next();
    }
    if (!entry) return std::move(entry).error();
    compare(std::move(found), small);
    return ok();
  }

  void compare(Found found, bool small) {
    if (found.numbers.empty()) return;
    highest_ = std::max(highest_, found.extent);
    HeldExtent* held = inventory_.find(found.extent);
    if (held == nullptr || is_small(held->size_bytes) != small) {
      room_.doom(found.extent, small ? 0 : kChunkBytes);
    } else if (small) {
      const bool whole = found.numbers.size() == piece_count(held->size_bytes) && found.bytes == held->size_bytes;
      if (held->chunks[0] && whole) {
        seen_[found.extent].assign(1, true);
      } else {
        strays_.push_back({found.extent, {0}, 0});
      }
    } else {
      compare_chunks(found, *held);
    }
  }

  void compare_chunks(const Found& found, const HeldExtent& held) {
    std::vector<bool>& seen = seen_[found.extent];
    seen.assign(held.chunks.size(), false);
    Found stray{found.extent, {}, 0};
    for (const std::uint32_t chunk : found.numbers) {
      if (chunk < held.chunks.size() && held.chunks[chunk]) {
        seen[chunk] = true;
      } else {
        stray.numbers.push_back(chunk);
      }
    }
    if (!stray.numbers.empty()) strays_.push_back(std::move(stray));
  }

  Status unmark_what_was_not_found() {
    for (const auto& [extent, held] : inventory_.extents()) {
      highest_ = std::max(highest_, extent);
      const auto seen = seen_.find(extent);
      for (std::uint32_t chunk = 0; chunk < held.chunks.size(); ++chunk) {
        if (!held.chunks[chunk] || (seen != seen_.end() && seen->second[chunk])) continue;
        if (Status done = unmark(extent, {chunk}); !done) return done;
        ++lost_;
      }
    }
    if (lost_ > 0) {
      spdlog::warn("{} chunks are named by the index and not there; they are fetched again when asked for", lost_);
    }
    return ok();
  }

  Status unmark(ExtentId extent, ChunkIndex chunk) {
    HeldExtent& held = *inventory_.find(extent);
    inventory_.clear_chunk(held, chunk);
    inventory_.set_incomplete(held);
    const std::uint32_t number = chunk.value / kChunksPerPage;
    auto page = index_.page(txn_, extent, number);
    if (!page) return std::move(page).error();
    if (!*page) return ok();
    (*page)->clear(chunk.value % kChunksPerPage);
    return index_.put_page(txn_, extent, number, **page);
  }

  Status drop_unnamed() {
    const std::set<ExtentId> unnamed = inventory_.unnamed();
    for (const ExtentId extent : unnamed) {
      const HeldExtent& held = *inventory_.find(extent);
      room_.doom(extent, held.size_bytes);
      if (Status done = index_.erase_extent(txn_, extent, held.record()); !done) return done;
      inventory_.erase(extent);
    }
    return ok();
  }

  template <class Sound>
  Status remove_records(Sound sound, MDB_dbi table) {
    auto cursor = Cursor::open(txn_, table);
    if (!cursor) return std::move(cursor).error();
    auto entry = cursor->first();
    std::uint64_t removed = 0;
    while (entry && *entry) {
      if (!sound(**entry)) {
        if (Status done = cursor->erase(); !done) return done;
        ++removed;
      }
      entry = cursor->next();
    }
    if (!entry) return std::move(entry).error();
    if (removed > 0) spdlog::warn("Recovery removed {} records of the index that named nothing that is held", removed);
    return ok();
  }

  bool object_is_sound(const Entry& entry) {
    const auto object = decode_object(entry.value);
    HeldExtent* held = object ? inventory_.find(object->extent) : nullptr;
    return held != nullptr && held->size_bytes == object->size_bytes && held->names.contains(url_key(object->url));
  }

  bool extent_is_sound(const Entry& entry) {
    const auto key = decode_extent_key(entry.key);
    return key && inventory_.find(*key) != nullptr;
  }

  bool page_is_sound(const Entry& entry) {
    const auto key = decode_numbered_key(entry.key);
    return key && inventory_.find(key->extent) != nullptr && decode_map_page(entry.value);
  }

  bool blob_is_sound(const Entry& entry) {
    const auto blob = decode_blob(entry.value);
    const HeldExtent* held = blob ? inventory_.find(blob->extent) : nullptr;
    return held != nullptr && held->complete && held->digest && std::ranges::equal(held->digest->bytes, entry.key);
  }

  // Extents whose record and map disagree, and complete ones without a blob.
  Status write_changed() {
    for (const auto& [extent, held] : inventory_.extents()) {
      auto written = index_.extent(txn_, extent);
      if (!written) return std::move(written).error();
      const bool equal = *written && (*written)->complete == held.complete &&
                         (*written)->chunks_held == held.chunks_held && (*written)->bytes_held == held.bytes_held;
      if (!equal) {
        if (Status done = index_.put_extent(txn_, extent, held.record()); !done) return done;
      }
      if (!held.complete) continue;
      auto blob = index_.blob(txn_, *held.digest);
      if (!blob) return std::move(blob).error();
      if (*blob) continue;
      if (Status done = index_.put_blob(txn_, *held.digest, {extent, held.size_bytes}); !done) return done;
    }
    return ok();
  }

  StoreEnvironments& environments_;
  const Index& index_;
  Inventory& inventory_;
  Room& room_;
  MDB_txn* txn_;
  Amount held_;
  ExtentId highest_;
  ExtentId next_;
  std::unordered_map<ExtentId, std::vector<bool>> seen_;
  std::vector<Found> strays_;
  std::uint64_t lost_ = 0;
};

// A chunk that contradicts the index of an extent that lives on must be gone before that is served.
Status erase_strays(const std::vector<Found>& strays, Inventory& inventory, Room& room) {
  for (const Found& stray : strays) {
    const HeldExtent* held = inventory.find(stray.extent);
    if (held == nullptr) continue;
    for (const std::uint32_t chunk : stray.numbers) room.doom_chunk(stray.extent, {chunk}, held->size_bytes);
  }
  while (!strays.empty() && room.anything_doomed()) {
    if (Status done = room.erase_some(inventory); !done) return done;
  }
  return ok();
}

// Serving what is there matters more than mending the index: that comes with the next start.
Result<Recovered> without_writing(const StoreEnvironments& environments, Inventory& inventory, Room& room,
                                  const Error& why) {
  spdlog::warn("The store's recovery cannot be written; what it holds is served as it is: {}", why.message);
  auto txn = ReadTxn::begin(environments.index.environment());
  if (!txn) return std::move(txn).error();
  if (Status done = load_inventory(environments.index, txn->handle(), inventory); !done) return std::move(done).error();
  Amount held;
  for (const auto& [extent, its] : inventory.extents()) {
    held.of(its.size_bytes) += its.chunks_held * std::min<std::uint64_t>(charge_of_chunk(its.size_bytes), kChunkBytes);
  }
  room.set_held(held);
  const auto next = environments.index.next_extent(txn->handle());
  if (!next) return next.error();
  return Recovered{*next, 0};
}

}  // namespace

Result<Recovered> recover(StoreEnvironments& environments, Inventory& inventory, Room& room) {
  auto txn = WriteTxn::begin(environments.index.environment());
  if (!txn && txn.error().kind == ErrorKind::storage_damaged) return std::move(txn).error();
  if (!txn) return without_writing(environments, inventory, room, txn.error());
  Recovery recovery(environments, inventory, room, txn->handle());
  Status done = recovery.run();
  if (done) done = recovery.reserve_numbers();
  if (done) done = std::move(*txn).commit();
  if (!done && done.error().kind == ErrorKind::storage_damaged) return std::move(done).error();
  if (!done) return without_writing(environments, inventory, room, done.error());
  if (Status erased = erase_strays(recovery.strays(), inventory, room); !erased) {
    if (erased.error().kind == ErrorKind::storage_damaged) return std::move(erased).error();
  }
  return Recovered{recovery.next(), recovery.lost()};
}

}  // namespace larder::cache
