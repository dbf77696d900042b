// SPDX-License-Identifier: MIT
// Inventory: the store thread's picture of what is held: extents, who names them, which chunks are there, and the order
// in which they were last used. Built from the index at open and kept equal to it with every commit; after a failed
// commit it is built again. Holds about 200 bytes an object and a bit a chunk.
// Threads: the store's alone.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "cache/object.h"
#include "cache/record.h"

namespace larder::cache {

struct HeldExtent {
  std::uint64_t size_bytes = 0;
  std::vector<bool> chunks;
  std::uint32_t chunks_held = 0;
  std::uint64_t bytes_held = 0;
  bool complete = false;
  std::optional<Digest> digest;
  std::set<UrlKey> names;  // objects that name it
  bool was_named = false;
  unsigned pins = 0;
  WallTime used;
  bool used_unsaved = false;
  std::list<ExtentId>::iterator place;  // in the order of use

  bool full() const { return chunks_held == chunks.size(); }
  ExtentRecord record() const { return {size_bytes, bytes_held, chunks_held, complete, digest}; }
};

class Inventory {
 public:
  // Newly made extents are the most recently used.
  HeldExtent& add(ExtentId extent, std::uint64_t size_bytes, WallTime used);
  void erase(ExtentId extent);
  HeldExtent* find(ExtentId extent);
  const std::unordered_map<ExtentId, HeldExtent>& extents() const { return extents_; }

  void set_chunk(HeldExtent& extent, ChunkIndex chunk);
  void clear_chunk(HeldExtent& extent, ChunkIndex chunk);
  void set_complete(HeldExtent& extent, const Digest& digest);
  void set_incomplete(HeldExtent& extent);

  void name(HeldExtent& extent, const UrlKey& key);
  void unname(HeldExtent& extent, const UrlKey& key);
  void pin(const UrlKey& key, HeldExtent& extent);
  void unpin(const UrlKey& key, HeldExtent& extent);

  // Moves it to the recent end.
  void use(ExtentId extent, WallTime now);
  void sort_by_use();
  // Least recently used first.
  const std::list<ExtentId>& by_use() const { return by_use_; }

  // Extents that no object names.
  const std::set<ExtentId>& unnamed() const { return unnamed_; }

  std::uint64_t objects() const { return objects_; }
  std::uint64_t objects_complete() const { return objects_complete_; }
  std::uint64_t blobs() const { return blobs_; }

 private:
  std::unordered_map<ExtentId, HeldExtent> extents_;
  std::list<ExtentId> by_use_;
  std::set<ExtentId> unnamed_;
  std::set<UrlKey> pinned_;
  std::uint64_t objects_ = 0;
  std::uint64_t objects_complete_ = 0;
  std::uint64_t blobs_ = 0;
};

}  // namespace larder::cache
