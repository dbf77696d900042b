// SPDX-License-Identifier: MIT
// Store: objects, extents, blobs and chunks in LMDB. One thread, `store`, writes; everyone else sends it messages and
// is answered through a callback run on `store` (which must only post onwards). Readers (reader.h) look for themselves.
// A message that the full inbox cannot take is answered `busy` at once, on the caller's thread; one that comes after
// the store has stopped is answered `stopped`.
//
// Invariants:
// - A chunk is durable before anything names it, and named only after; after a crash, unnamed chunks are swept.
// - An object is complete only when every chunk of its extent is held and the extent's SHA-256 has been taken.
// - Two complete objects with the same bytes share one extent.
// - Bytes kept never exceed cache_size_bytes: room is made before it is used.
// - The store never fails the daemon: what cannot be opened is set aside as <name>.broken-<time> and begun anew.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cache/chunk_buffer.h"
#include "cache/object.h"

namespace larder::cache {

struct StoreOptions {
  std::filesystem::path path;          // the directory; created when missing
  std::uint64_t cache_size_bytes = 0;  // hard limit on bytes kept
  std::uint64_t reserve_bytes = 0;     // disk space never touched
  std::chrono::seconds scrub{0};       // everything is read back once in this time; 0: never
};

struct StoreStatus {
  std::uint64_t bytes_held = 0;  // as accounted against cache_size: whole chunks and small pieces
  std::uint64_t bytes_limit = 0;
  std::uint64_t objects = 0;
  std::uint64_t objects_complete = 0;
  std::uint64_t blobs = 0;
  std::uint64_t evicted_objects = 0;   // since start
  std::uint64_t corrupt_chunks = 0;    // since start: failed their check and were dropped
  std::uint64_t chunks_queued = 0;     // received and not yet committed
  std::uint64_t chunks_scrubbed = 0;   // since start: read back in the background
  WallTime scrub_began;                // of the pass that runs; the epoch: none does
  WallTime scrub_ended;                // of the last whole pass; the epoch: none was
  std::uint64_t chunks_lost = 0;       // named by the index and not there at the start; fetched again when asked for
  bool full = false;                   // the last write was refused for want of room
  std::string broken;                  // why nothing can be stored; empty when all is well
  std::vector<std::string> set_aside;  // environments that could not be opened, with reasons
};

// How far a verify has come; also its result.
struct VerifyReport {
  std::uint64_t objects = 0;
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
  std::uint64_t chunks_corrupt = 0;  // dropped; will be fetched again
  std::uint64_t digests_wrong = 0;   // complete objects whose bytes no longer have their SHA-256; made incomplete
  bool finished = false;
};

class UseTable;

class Store {
 public:
  using Done = std::function<void(Status)>;

  // Opens or creates the environments, recovers, starts the thread. Fails only for what an administrator must mend
  // (no such directory and it cannot be made, a network file system, another larderd running on it).
  static Result<std::unique_ptr<Store>> open(const StoreOptions& options, const Clock& clock);
  virtual ~Store() = default;  // stops the thread after committing what was accepted
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // ---- any thread; never blocks ----

  // A number for a new extent.
  virtual ExtentId new_extent() = 0;

  // Creates or replaces the object record of object.url. An extent the URL named before is dropped when no object names
  // it any more and nobody uses it (ExtentUse). Its digest is not taken from here: only complete() gives one. Done
  // after the commit. not_found: the extent was dropped meanwhile; invalid: the extent has another size.
  virtual void put_object(Object object, Done done) = 0;

  // Hands over one full chunk (or an extent's whole last chunk). `object_size_bytes` decides where it is kept. The
  // buffer must not change any more. Done after the commit that makes it readable: storage_full, storage_broken or busy
  // mean it was not kept. A chunk already held is left as it is, and well. Hold an ExtentUse while filling: it spares
  // the extent from eviction. not_found: the extent was dropped meanwhile. An extent that no object names and nobody
  // uses goes after a minute.
  virtual void put_chunk(ExtentId extent, ChunkIndex chunk, std::uint64_t object_size_bytes,
                         std::shared_ptr<const ChunkBuffer> bytes, Done done) = 0;

  // Every chunk has been put: takes the SHA-256, finds a twin, marks the object of this URL complete. The answer's
  // extent is the twin's where there is one. Fails with invalid when a chunk is missing, with not_found when the URL
  // names other bytes by now, with corrupt when the object was complete before, lost a chunk, and has other bytes now.
  virtual void complete(const std::string& url, ExtentId extent, std::function<void(Result<ObjectPtr>)> done) = 0;

  // The same where a catalogue says what the SHA-256 must be: if it is not, the extent and the objects that name it are
  // dropped and the answer is corrupt.
  virtual void complete_as(const std::string& url, ExtentId extent, const Digest& expected,
                           std::function<void(Result<ObjectPtr>)> done);

  // Forgets the object; its extent goes when nothing names it and nobody uses it.
  virtual void remove(const std::string& url, Done done) = 0;

  // Pinned objects are never evicted.
  virtual void pin(const std::string& url, Done done) = 0;
  virtual void unpin(const std::string& url, Done done) = 0;

  // Recency for eviction; cheap, may be merged or lost.
  virtual void touch(ExtentId extent) = 0;

  // Reads everything back against its checks and digests, in steps between other work. `progress` is called on `store`
  // every second and once with finished == true. One at a time: busy otherwise.
  virtual void verify(std::function<void(Result<VerifyReport>)> progress) = 0;

  // Changes the limit (a reload). Evicts down to it in steps.
  virtual void set_limits(std::uint64_t cache_size_bytes, std::uint64_t reserve_bytes) = 0;

  // Everything accepted so far is committed. For tests and shutdown.
  virtual void flush(Done done) = 0;

  virtual StoreStatus status() const = 0;

  // Goes up with every change of an object record; equal values mean a looked-up Object is still the current one.
  virtual std::uint64_t epoch() const = 0;

  // For ExtentUse. Null when this is not a store of ours (a test's stand-in).
  virtual UseTable* use_table() { return nullptr; }
};

}  // namespace larder::cache
