// SPDX-License-Identifier: MIT
#include "cache/room.h"

#include <algorithm>
#include <limits>

namespace larder::cache {

namespace {

// Pages that erasing 64 chunks frees make a free list of 130 KiB, which LMDB handles well; whole large objects at once
// would make lists of many megabytes.
constexpr unsigned kErasedPerCommit = 64;
// A chunk lies in 257 pages: 256 and its header.
constexpr std::uint64_t kPagesPerChunk = kChunkBytes / kStoragePageBytes + 1;
// Freed space that cannot be used at once: broken runs, tree and free-list pages. Measured 2 to 3 % of what is live at
// 90 % full, and in a nearly empty file a run or two.
constexpr std::uint64_t kUnusableShare = 32;
constexpr std::uint64_t kUnusableBytes = 2 * kChunkBytes;

}  // namespace

void Room::set_limits(std::uint64_t cache_size_bytes, std::uint64_t reserve_bytes) {
  limit_ = cache_size_bytes;
  reserve_ = reserve_bytes;
}

void Room::grew(Amount by) {
  held_.chunks += by.chunks;
  held_.small += by.small;
}

std::uint64_t Room::growth(const Shelf& shelf, std::uint64_t held, std::uint64_t needed) const {
  if (needed == 0) return 0;
  const std::uint64_t live = (held + needed) / (kPagesPerChunk - 1) * kPagesPerChunk;
  const std::uint64_t after = live + live / kUnusableShare + kUnusableBytes;
  const std::uint64_t used = shelf.environment().used_bytes();
  return after > used ? std::min(after - used, needed + kChunkBytes) : 0;
}

std::uint64_t Room::lacking(Amount needed) const {
  const std::uint64_t after = held_.total() + needed.total();
  const std::uint64_t over_limit = after > limit_ ? after - limit_ : 0;
  const std::uint64_t grown = growth(environments_.chunks, held_.chunks, needed.chunks) +
                              growth(environments_.small, held_.small, needed.small);
  if (grown == 0) return over_limit;
  const std::uint64_t free = disk_.free_bytes(path_);
  const std::uint64_t wanted = grown + reserve_;
  const std::uint64_t over_disk = wanted > free ? std::min(wanted - free, grown) : 0;
  return std::max(over_limit, over_disk);
}

void Room::doom(ExtentId extent, std::uint64_t size_bytes) {
  doomed_.push_back({extent, 0, std::numeric_limits<std::uint32_t>::max(), is_small(size_bytes)});
}

void Room::doom_chunk(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes) {
  const bool small = is_small(size_bytes);
  const std::uint32_t last = small ? std::numeric_limits<std::uint32_t>::max() : chunk.value;
  doomed_.push_front({extent, chunk.value, last, small});
}

// True when nothing of it is left.
Result<bool> Room::erase_from(WriteTxn& txn, const Shelf& shelf, Doomed& doomed, Inventory& inventory, unsigned& left,
                              std::uint64_t& freed) {
  const HeldExtent* alive = inventory.find(doomed.extent);
  auto cursor = Cursor::open(txn.handle(), shelf.table());
  if (!cursor) return std::move(cursor).error();
  auto entry = cursor->at_or_after(numbered_key(doomed.extent, doomed.next));
  for (;;) {
    if (!entry) return std::move(entry).error();
    const auto key = *entry ? decode_numbered_key((*entry)->key) : std::nullopt;
    if (!key || key->extent != doomed.extent || key->number > doomed.last) return true;
    const std::uint32_t chunk = doomed.small ? 0 : key->number;
    const bool wanted = alive != nullptr && chunk < alive->chunks.size() && alive->chunks[chunk];
    doomed.next = key->number;
    if (!wanted && shelf.may_be_freed((*entry)->value)) {
      if (left == 0) return false;
      --left;
      freed += charge_of_value((*entry)->value.size());
      if (Status erased = cursor->erase(); !erased) return std::move(erased).error();
    }
    entry = cursor->next();
  }
}

Status Room::erase_some(Inventory& inventory) {
  if (doomed_.empty()) return ok();
  const bool small = doomed_.front().small;
  const Shelf& shelf = small ? environments_.small : environments_.chunks;
  auto txn = WriteTxn::begin(shelf.environment());
  if (!txn) return std::move(txn).error();
  unsigned left = kErasedPerCommit;
  std::uint64_t freed = 0;
  std::size_t finished = 0;
  while (finished < doomed_.size() && left > 0 && doomed_[finished].small == small) {
    auto emptied = erase_from(*txn, shelf, doomed_[finished], inventory, left, freed);
    if (!emptied) return std::move(emptied).error();
    if (!*emptied) break;
    ++finished;
  }
  if (const int code = disk_.before_commit(shelf.environment().name())) return lmdb_error(code, "erasing chunks");
  if (Status committed = std::move(*txn).commit(); !committed) return committed;
  std::uint64_t& held = small ? held_.small : held_.chunks;
  held -= std::min(held, freed);
  doomed_.erase(doomed_.begin(), doomed_.begin() + static_cast<std::ptrdiff_t>(finished));
  return ok();
}

}  // namespace larder::cache
