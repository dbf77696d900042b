// SPDX-License-Identifier: MIT
// Room: how many bytes are kept, how many may be, and the values that are to go. What is no longer named is doomed: it
// counts until its bytes are erased, which happens in steps so that freeing a 12 GB object never holds up a chunk.
// Threads: the store's alone.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>

#include "base/result.h"
#include "cache/disk.h"
#include "cache/inventory.h"
#include "cache/store_environments.h"

namespace larder::cache {

struct Amount {
  std::uint64_t chunks = 0;  // bytes in the environment `chunks`
  std::uint64_t small = 0;

  std::uint64_t total() const { return chunks + small; }
  std::uint64_t& of(std::uint64_t object_size_bytes) { return is_small(object_size_bytes) ? small : chunks; }
};

class Room {
 public:
  Room(StoreEnvironments& environments, Disk& disk, std::filesystem::path path)
      : environments_(environments), disk_(disk), path_(std::move(path)) {}

  void set_limits(std::uint64_t cache_size_bytes, std::uint64_t reserve_bytes);
  std::uint64_t limit() const { return limit_; }

  std::uint64_t held() const { return held_.total(); }
  void set_held(Amount held) { held_ = held; }
  void grew(Amount by);

  // Bytes that must go before `needed` may be written: for the limit, and for the disk's reserve where a data file
  // would have to grow.
  std::uint64_t lacking(Amount needed) const;

  // The bytes of these chunks are to be erased; a chunk that the inventory holds by then is spared.
  void doom(ExtentId extent, std::uint64_t size_bytes);
  void doom_chunk(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes);
  bool anything_doomed() const { return !doomed_.empty(); }

  // Erases up to 64 doomed values in one commit.
  Status erase_some(Inventory& inventory);

 private:
  struct Doomed {
    ExtentId extent;
    std::uint32_t next = 0;  // first key number to erase
    std::uint32_t last = 0;
    bool small = false;
  };
  std::uint64_t growth(const Shelf& shelf, std::uint64_t held, std::uint64_t needed) const;
  Result<bool> erase_from(WriteTxn& txn, const Shelf& shelf, Doomed& doomed, Inventory& inventory, unsigned& left,
                          std::uint64_t& freed);

  StoreEnvironments& environments_;
  Disk& disk_;
  const std::filesystem::path path_;
  std::uint64_t limit_ = 0;
  std::uint64_t reserve_ = 0;
  Amount held_;
  std::deque<Doomed> doomed_;
};

}  // namespace larder::cache
