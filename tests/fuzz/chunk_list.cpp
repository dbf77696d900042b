// SPDX-License-Identifier: MIT
// Any bytes as a list of chunks.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "updates/chunk_list.h"

using namespace larder::updates;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto list = read_chunk_list(std::as_bytes(std::span(data, size)));
  if (!list) return 0;
  std::uint64_t sum = 0;
  for (const ListedChunk& chunk : list->chunks) sum += chunk.size_bytes;
  if (list->chunks.empty() || sum != list->size_bytes || list->chunks.size() * 36 + 36 > size) std::abort();
  return 0;
}
