// SPDX-License-Identifier: MIT
// What the store thread shares with readers, pagers and the verifier: the environments, the way to the store thread,
// and what is told without a message. Kept alive by each of them, so a Reader may outlive its Store (it then sees the
// last committed state, and nothing it reports is heard).
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/limits.h"
#include "base/owned.h"
#include "base/thread.h"
#include "cache/checked_chunks.h"
#include "cache/index.h"
#include "cache/message.h"
#include "cache/residence.h"
#include "cache/shelf.h"
#include "cache/store_lock.h"
#include "cache/use_table.h"

namespace larder::cache {

struct StoreEnvironments {
  StoreEnvironments(StoreLock its_lock, Index its_index, Shelf its_chunks, Shelf its_small)
      : lock(std::move(its_lock)),
        index(std::move(its_index)),
        chunks(std::move(its_chunks)),
        small(std::move(its_small)) {}

  // One that stays as it is until it is opened anew, whatever becomes of the disk.
  bool must_be_opened_anew() const {
    const auto stuck = [](const Environment& e) { return e.access() == Access::read_only || e.panicked(); };
    return stuck(index.environment()) || stuck(chunks.environment()) || stuck(small.environment());
  }

  const Shelf& shelf_of(std::uint64_t object_size_bytes) const { return is_small(object_size_bytes) ? small : chunks; }

  // Starts bringing a chunk in. One that is not in memory has yet to pass its check again.
  void bring_in(ExtentId extent, ChunkIndex chunk, const ChunkView& bytes) {
    if (!in_memory(bytes)) checked.remove(extent, chunk);
    ask_for(bytes);
  }

  // Whether the bytes are what they should be; waits for the disk.
  bool check(ExtentId extent, ChunkIndex chunk, const ChunkView& bytes, std::uint64_t expected) {
    bring_in(extent, chunk, bytes);
    const bool right = !bytes.empty() && check_from_disk(bytes) == expected;
    if (right) {
      checked.add(extent, chunk);
    } else {
      checked.remove(extent, chunk);
    }
    return right;
  }

  // Asks the store thread to look at a chunk that failed its check. Lost when the inbox is full: the next reader will
  // find it again.
  void report_corrupt(ExtentId extent, ChunkIndex chunk) { (void)inbox.try_push(DropChunk{extent, chunk}); }

  StoreLock lock;
  Index index;
  Shelf chunks;
  Shelf small;
  UseTable use;
  TouchTable touched;
  CheckedChunks checked;
  std::atomic<std::uint64_t> bytes_held{0};  // as the store thread last counted
  std::atomic<std::uint64_t> epoch{1};
  std::atomic<std::uint64_t> next_extent{1};
  Inbox<Message> inbox{limits::kStoreInbox};
};

// Null when the store is not one of ours (a test's stand-in).
std::shared_ptr<StoreEnvironments> environments_of(Store& store);

}  // namespace larder::cache
