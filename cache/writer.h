// SPDX-License-Identifier: MIT
// Writer: what the store thread does, one call at a time.
//
// Messages are done in steps. A step takes messages in order, up to 8 MiB of chunks among them, and commits twice:
// first the chunks' bytes (environments `chunks`, `small`), then one index transaction with everything else and the
// marks of those chunks. Only then is anybody answered. If the index cannot be committed the step never happened: all
// are told, the inventory is built again from the index, and the bytes already written are erased. Room is made before
// a chunk is written: the least recently used extents are taken out of the index (one commit), then their bytes are
// erased in bounded steps.
//
// Threads: the store's alone, but for StatusBoard.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "cache/disk.h"
#include "cache/hashing.h"
#include "cache/inventory.h"
#include "cache/message.h"
#include "cache/room.h"
#include "cache/scrub.h"
#include "cache/store_environments.h"
#include "cache/verify.h"

namespace larder::cache {

// The status as last published; any thread may look.
class StatusBoard {
 public:
  void publish(StoreStatus status) {
    const std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  StoreStatus read() const {
    const std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  StoreStatus status_;
};

class Writer {
 public:
  Writer(std::shared_ptr<StoreEnvironments> environments, std::shared_ptr<Disk> disk, const Clock& clock,
         const StoreOptions& options, StatusBoard& board);

  // Recovers; before the thread starts. The first number for new extents.
  Result<ExtentId> open(std::vector<std::string> set_aside);
  // On the store's thread, at its beginning.
  void start_scrubbing(std::chrono::seconds period);

  // Does all of them, in order.
  void handle(std::vector<Message> messages);
  // One bounded piece of work that no message asked for: hashing what came out of order, erasing what is doomed. False
  // when there is none.
  bool work_behind();
  // Once a second.
  void tick();
  // The last thing: who still waits is told, recency is saved.
  void finish();

 private:
  // What became of a chunk's bytes in the first half of a step.
  struct Landed {
    Status status = ok();
    bool written = false;
    std::uint64_t check = 0;
  };
  struct Answer {
    Store::Done done;
    Status status;
  };
  struct Step {
    std::vector<Message> messages;
    std::vector<Landed> landed;  // one per message; used for chunks
    std::vector<Answer> answers;
    std::set<ExtentId> changed;  // extents whose record is to be written
    std::vector<Message> again;  // to be done in the next step
    bool objects_changed = false;
    MDB_txn* index = nullptr;
  };

  static constexpr std::string_view kWhole = "";  // before all others
  static constexpr std::string_view kIndex = "index";
  static constexpr std::string_view kErasing = "erasing";

  // step.cpp
  Step gather();
  void run(Step& step);
  Status write_index(Step& step);
  void answer(Step& step, const Status& committed);
  void undo(Step& step, const Error& error);
  Status commit(WriteTxn txn, const Environment& environment);
  // What came of writing there: an environment's name, or kErasing.
  void note(std::string_view where, const Status& outcome);
  void publish();

  // write_chunks.cpp
  void write_chunks(Step& step);
  Status may_be_written(const PutChunk& chunk) const;
  bool is_held(const PutChunk& chunk);
  void write_to(const Shelf& shelf, Step& step, const std::vector<std::size_t>& which);
  Result<Amount> put_all(MDB_txn* txn, const Shelf& shelf, Step& step, const std::vector<std::size_t>& which);
  void forget_hash(ExtentId extent, const Error& why);

  // operations.cpp: each within the step's index transaction. An error of the storage kinds aborts the step; any other
  // is only the answer.
  Status apply(Step& step, PutObject& message, const Landed& landed);
  Status apply(Step& step, PutChunk& message, const Landed& landed);
  Status apply(Step& step, Remove& message, const Landed& landed);
  Status apply(Step& step, Pin& message, const Landed& landed);
  Status apply(Step& step, Unpin& message, const Landed& landed);
  Status apply(Step& step, DropChunk& message, const Landed& landed);
  Status apply(Step& step, DistrustExtent& message, const Landed& landed);
  Status apply(Step& step, SetLimits& message, const Landed& landed);
  Status apply(Step& step, StartVerify& message, const Landed& landed);
  Status apply(Step& step, VerifyCame& message, const Landed& landed);
  Status apply(Step& step, ScrubCame& message, const Landed& landed);
  Status apply(Step& step, Flush& message, const Landed& landed);
  Status mark(Step& step, ExtentId extent, ChunkIndex chunk, std::uint64_t check);
  Result<HeldExtent*> named_extent(Step& step, const std::string& url);
  Status unname(Step& step, ExtentId extent, const UrlKey& key);
  Status drop_extent(Step& step, ExtentId extent);
  Status erase_objects_of(Step& step, HeldExtent& held);
  // Every object that names `from` names `to` afterwards.
  Status repoint(Step& step, HeldExtent& from, ExtentId to, HeldExtent& target);

  // completion.cpp
  Status apply(Step& step, Complete& message, const Landed& landed);
  Status settle(Step& step, Complete& message, HeldExtent& held, const Digest& digest);
  Status refuse_bytes(Step& step, Complete& message, HeldExtent& held);
  Status answer_whole(Step& step, Complete& message);
  void answer_failed(Step& step, Complete& message, Error error);
  bool hash_some();
  Status read_back(ExtentId extent, const HeldExtent& held, HashProgress& progress);

  // make_room.cpp
  Status make_room(Amount needed, const std::set<ExtentId>& spared);
  Result<bool> evict(std::uint64_t bytes, const std::set<ExtentId>& spared);
  bool may_go(ExtentId extent, const HeldExtent& held, const std::set<ExtentId>& spared);
  Status evict_in(Step& step, std::uint64_t bytes, const std::set<ExtentId>& spared, bool& any);
  void drop_unnamed();
  void collect_touches();
  void save_recency();
  void try_again();
  Status try_index();
  Status try_shelf(const Shelf& shelf);
  bool too_many_objects() const;

  void erase_doomed_now();

  std::shared_ptr<StoreEnvironments> environments_;
  const Index& index_;
  std::shared_ptr<Disk> disk_;
  const Clock& clock_;
  const std::filesystem::path path_;
  StatusBoard& board_;
  const std::uint64_t most_bytes_;  // a limit set later is held to what the map allows

  Inventory inventory_;
  Room room_;
  Hashing hashing_;
  std::set<ExtentId> dropped_;  // lately: their late chunks are refused
  std::deque<Message> queue_;
  StoreStatus status_;
  std::map<std::string, std::string, std::less<>> broken_;  // where the last write failed, and why
  std::unique_ptr<Verifier> verifier_;
  std::unique_ptr<Scrubber> scrubber_;
  ScrubPlace scrubbed_;
  bool scrub_unsaved_ = false;
  VerifyProgress verify_progress_;
  std::vector<Store::Done> flushes_;  // wait for the digests begun before them
  SteadyTime recency_saved_;
  SteadyTime tried_{};
  bool erase_now_ = false;
};

}  // namespace larder::cache
