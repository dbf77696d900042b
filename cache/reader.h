// SPDX-License-Identifier: MIT
// Reader: one thread's view of the store. It renews a read transaction, looks, and resets it before it returns, so no
// transaction outlives a call and a slow client pins nothing.
// Threads: each Reader belongs to one thread; make one per thread from the Store. It keeps the environments open, so
// the directory can be opened again only when every Reader and Pager is gone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/object.h"
#include "cache/store.h"

namespace larder::cache {

class UseTable;

// Which chunks of an extent are held. A copy: it may be behind the store by the time it is looked at.
class ChunkMap {
 public:
  ChunkMap() = default;
  explicit ChunkMap(std::uint32_t chunks) : held_(chunks, false) {}

  std::uint32_t chunks() const { return static_cast<std::uint32_t>(held_.size()); }
  bool has(ChunkIndex chunk) const { return chunk.value < held_.size() && held_[chunk.value]; }
  void set(ChunkIndex chunk) {
    if (chunk.value < held_.size()) held_[chunk.value] = true;
  }
  void clear(ChunkIndex chunk) {
    if (chunk.value < held_.size()) held_[chunk.value] = false;
  }
  bool full() const;
  // First chunk at or after `from` that is held / not held; chunks() when there is none.
  ChunkIndex next_held(ChunkIndex from) const;
  ChunkIndex next_missing(ChunkIndex from) const;
  std::uint32_t count() const;

 private:
  std::vector<bool> held_;
};

enum class ChunkState {
  ready,    // the visitor has been called
  cold,     // held, but not in memory, or not checked yet: warm it with the Pager first
  missing,  // not held
};

class Reader {
 public:
  virtual ~Reader() = default;
  Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  static std::unique_ptr<Reader> make(Store& store);

  // The object of a canonical URL, null when there is none. Answered from a table of recent objects while epoch()
  // stands still.
  virtual ObjectPtr find(std::string_view url) = 0;

  virtual ChunkMap held(ExtentId extent, std::uint64_t size_bytes) = 0;

  // Calls `visit` with the chunk's bytes, straight from the map: once or more, in order, the pieces concatenated are
  // the chunk. An object below 1 MiB lies in pieces of 65,520 bytes; a chunk of a larger one is one piece. They are
  // valid only inside the call. Never touches a page that is not in memory, and never visits bytes that came from the
  // disk and have not been checked since: such a chunk is `cold`.
  using Visit = std::function<void(std::span<const std::byte>)>;
  virtual ChunkState read(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes, const Visit& visit) = 0;

  // Like read, but waits for the disk and checks the bytes: those that fail are reported to the store, which drops
  // them, and are `missing`. For threads that may wait.
  virtual ChunkState read_now(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes, const Visit& visit) = 0;

  // Objects in key order (a hash of the URL) after `cursor` ("" begins), for listings. `next` is "" at the end.
  struct Listing {
    std::vector<ObjectPtr> objects;
    std::vector<std::uint64_t> bytes_held;  // of each
    std::vector<bool> pinned;
    std::string next;
  };
  virtual Listing list(std::string_view cursor, std::size_t limit) = 0;
};

// Brings cold chunks into memory on threads that may wait, and checks them on the way: a chunk that fails its check is
// dropped and reported missing.
class Pager {
 public:
  virtual ~Pager() = default;
  Pager() = default;
  Pager(const Pager&) = delete;
  Pager& operator=(const Pager&) = delete;

  static std::unique_ptr<Pager> start(Store& store, unsigned threads);

  // `done` runs on a pager thread and must only post onwards. The two chunks after it are read ahead. With too many
  // waiting, `done` is called at once with `cold`, on the caller's thread: ask again later or go to the origin.
  virtual void warm(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes,
                    std::function<void(ChunkState)> done) = 0;
};

// Spares an extent from eviction while somebody is being sent from it. Counted in memory only, lock-free. Must be gone
// before the Store and its last Reader are.
class ExtentUse {
 public:
  ExtentUse() = default;
  ExtentUse(Store& store, ExtentId extent);
  ~ExtentUse();
  ExtentUse(ExtentUse&& other) noexcept;
  ExtentUse& operator=(ExtentUse&& other) noexcept;

 private:
  void release() noexcept;
  UseTable* table_ = nullptr;
  ExtentId extent_;
};

}  // namespace larder::cache
