// SPDX-License-Identifier: MIT
#include "cache/residence.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace larder::cache {

namespace {

#ifndef MADV_POPULATE_READ  // older headers
constexpr int MADV_POPULATE_READ = 22;
#endif

struct Pages {
  void* start;
  std::size_t bytes;
};

Pages pages_of(ByteView bytes) {
  const auto address = reinterpret_cast<std::uintptr_t>(bytes.data());
  const std::uintptr_t start = address & ~std::uintptr_t{kStoragePageBytes - 1};
  return {reinterpret_cast<void*>(start), address + bytes.size() - start};
}

bool piece_in_memory(ByteView piece) {
  constexpr std::size_t kMostPages = kChunkBytes / kStoragePageBytes + 1;
  std::array<unsigned char, kMostPages> resident;  // NOLINT: written by mincore; clearing it would cost as much
  const Pages pages = pages_of(piece);
  if (mincore(pages.start, pages.bytes, resident.data()) != 0) return false;
  const std::size_t count = (pages.bytes + kStoragePageBytes - 1) / kStoragePageBytes;
  return std::all_of(resident.begin(), resident.begin() + static_cast<std::ptrdiff_t>(count),
                     [](unsigned char page) { return (page & 1U) != 0; });
}

}  // namespace

bool in_memory(const ChunkView& chunk) {
  return std::ranges::all_of(chunk.pieces(), piece_in_memory);
}

void ask_for(const ChunkView& chunk) {
  for (const ByteView piece : chunk.pieces()) {
    const Pages pages = pages_of(piece);
    madvise(pages.start, pages.bytes, MADV_WILLNEED);
  }
}

bool can_be_read(ByteView bytes) {
  const Pages pages = pages_of(bytes);
  while (madvise(pages.start, pages.bytes, MADV_POPULATE_READ) != 0) {
    if (errno == EAGAIN || errno == EINTR) continue;
    return errno != EFAULT && errno != EHWPOISON;
  }
  return true;
}

std::optional<std::uint64_t> check_from_disk(const ChunkView& chunk) {
  if (!std::ranges::all_of(chunk.pieces(), can_be_read)) return {};
  return check_of(chunk);
}

}  // namespace larder::cache
