// SPDX-License-Identifier: MIT
// Which chunks have passed their check since they last came from the disk, or were written by this process. A loop
// sends only those; any other goes through the pager, which checks it. So bytes that rotted are never sent, whatever
// brought them into memory.
// It forgets: two chunks of one slot drive each other out, which costs a check more. 2 MiB for 262,144 chunks.
// Threads: any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "cache/object.h"

namespace larder::cache {

class CheckedChunks {
 public:
  bool has(ExtentId extent, ChunkIndex chunk) const {
    const std::uint64_t tag = tag_of(extent, chunk);
    return slot(tag).load(std::memory_order_acquire) == tag;
  }
  void add(ExtentId extent, ChunkIndex chunk) {
    const std::uint64_t tag = tag_of(extent, chunk);
    slot(tag).store(tag, std::memory_order_release);
  }
  void remove(ExtentId extent, ChunkIndex chunk) {
    std::uint64_t tag = tag_of(extent, chunk);
    slot(tag).compare_exchange_strong(tag, 0, std::memory_order_acq_rel);
  }

 private:
  static constexpr std::size_t kSlots = 262144;

  // Extents are numbered from 1 and an object has at most 65,536 chunks, so this is exact below 2^48 extents.
  static std::uint64_t tag_of(ExtentId extent, ChunkIndex chunk) {
    return extent.value << 16U | (chunk.value & 0xFFFFU);
  }
  std::atomic<std::uint64_t>& slot(std::uint64_t tag) const {
    return (*slots_)[(tag * 0x9E3779B97F4A7C15ULL >> 40U) % kSlots];
  }

  std::unique_ptr<std::array<std::atomic<std::uint64_t>, kSlots>> slots_ =
      std::make_unique<std::array<std::atomic<std::uint64_t>, kSlots>>();
};

}  // namespace larder::cache
