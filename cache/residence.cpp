// SPDX-License-Identifier: MIT
#include "cache/residence.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>

namespace larder::cache {

namespace {

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

}  // namespace larder::cache
