// SPDX-License-Identifier: MIT
#include "cache/hashing.h"

#include <algorithm>
#include <array>
#include <utility>

namespace larder::cache {

namespace {

void finish_when_whole(HashProgress& progress) {
  if (progress.next == progress.chunks && !progress.digest) progress.digest = progress.hash.finish();
}

}  // namespace

HashProgress& Hashing::progress(ExtentId extent, std::uint64_t size_bytes) {
  if (HashProgress* known = find(extent)) return *known;
  make_place();
  HashProgress& progress = all_[extent];
  progress.chunks = chunk_count(size_bytes);
  finish_when_whole(progress);
  return progress;
}

HashProgress* Hashing::find(ExtentId extent) {
  const auto found = all_.find(extent);
  return found == all_.end() ? nullptr : &found->second;
}

void Hashing::feed(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes, ByteView bytes) {
  HashProgress& known = progress(extent, size_bytes);
  if (known.next == chunk.value) feed(known, std::array{bytes});
}

void Hashing::feed(HashProgress& progress, std::span<const ByteView> pieces) {
  for (const ByteView piece : pieces) progress.hash.update(piece);
  ++progress.next;
  finish_when_whole(progress);
}

std::vector<Complete> Hashing::forget(ExtentId extent) {
  const auto found = all_.find(extent);
  if (found == all_.end()) return {};
  std::vector<Complete> waiting = std::move(found->second.waiting);
  all_.erase(found);
  return waiting;
}

void Hashing::make_place() {
  if (all_.size() < kExtents) return;
  const auto idle = std::ranges::find_if(all_, [](const auto& entry) { return entry.second.waiting.empty(); });
  if (idle != all_.end()) all_.erase(idle);
}

}  // namespace larder::cache
