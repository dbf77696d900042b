// SPDX-License-Identifier: MIT
#include "cache/chunk_buffer.h"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <new>

namespace larder::cache {

ChunkBuffer::ChunkBuffer(std::size_t capacity_bytes) : capacity_(capacity_bytes) {
  assert(capacity_bytes > 0 && capacity_bytes <= kChunkBytes);
  void* memory = mmap(nullptr, capacity_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<std::byte*>(memory);
}

ChunkBuffer::~ChunkBuffer() {
  munmap(memory_, capacity_);
}

std::size_t ChunkBuffer::append(std::span<const std::byte> bytes) {
  const std::size_t at = filled_.load(std::memory_order_relaxed);
  const std::size_t taken = std::min(bytes.size(), capacity_ - at);
  std::memcpy(memory_ + at, bytes.data(), taken);
  filled_.store(at + taken, std::memory_order_release);
  return taken;
}

}  // namespace larder::cache
