// SPDX-License-Identifier: MIT
// Hashing: the SHA-256 of extents on their way to being complete. Chunks that come in order are hashed from memory as
// they are written; the rest is read back later, a few chunks at a time.
// Threads: the store's alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/digest.h"
#include "cache/environment.h"
#include "cache/message.h"
#include "cache/object.h"

namespace larder::cache {

struct HashProgress {
  Sha256 hash;
  std::uint32_t next = 0;  // the chunk that must come next
  std::uint32_t chunks = 0;
  std::optional<Digest> digest;   // once next == chunks
  std::vector<Complete> waiting;  // for the digest
};

class Hashing {
 public:
  // At most this many extents at once; over it, one nobody waits for is forgotten and read back when asked for.
  static constexpr std::size_t kExtents = 256;

  HashProgress& progress(ExtentId extent, std::uint64_t size_bytes);
  HashProgress* find(ExtentId extent);

  // A chunk is about to be stored; used when it is the next one.
  void feed(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes, ByteView bytes);
  static void feed(HashProgress& progress, std::span<const ByteView> pieces);

  // Forgets it; whoever waited is handed back.
  std::vector<Complete> forget(ExtentId extent);

  std::map<ExtentId, HashProgress>& all() { return all_; }

 private:
  void make_place();
  std::map<ExtentId, HashProgress> all_;
};

}  // namespace larder::cache
