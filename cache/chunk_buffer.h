// SPDX-License-Identifier: MIT
// ChunkBuffer: one chunk in flight. One thread appends; any thread may read what has been published.
// Invariant: bytes below filled() never change, so a reader needs no lock.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "cache/object.h"

namespace larder::cache {

class ChunkBuffer {
 public:
  // `capacity_bytes` at most kChunkBytes. The memory is taken from the system lazily, so a small object in a large
  // buffer costs only its own pages, and is given back when the buffer goes (no 1 MiB block stays in malloc's hands).
  explicit ChunkBuffer(std::size_t capacity_bytes);
  ~ChunkBuffer();
  ChunkBuffer(const ChunkBuffer&) = delete;
  ChunkBuffer& operator=(const ChunkBuffer&) = delete;

  // Appends as much as fits and publishes it; the number of bytes taken.
  std::size_t append(std::span<const std::byte> bytes);

  std::size_t filled() const { return filled_.load(std::memory_order_acquire); }
  std::size_t capacity() const { return capacity_; }
  std::span<const std::byte> bytes() const { return {memory_, filled()}; }

 private:
  std::byte* memory_ = nullptr;
  const std::size_t capacity_;
  std::atomic<std::size_t> filled_{0};
};

}  // namespace larder::cache
