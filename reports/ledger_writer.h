// SPDX-License-Identifier: MIT
// The way of a fetch into the ledger. The thread `journal` writes it down at once (journal.h); the thread `ledger` then
// posts it to the books and commits, at least every half second while something waits. A commit waits for the disk,
// which may take seconds while chunks are written; the journal does not. What cannot be committed (disk full) is kept
// and tried again; the inbox's bound holds for all that is not committed. A damaged environment is set aside while
// running, too, and a new one begun.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "reports/books.h"
#include "reports/environment.h"
#include "reports/journal.h"
#include "reports/ledger.h"
#include "reports/reports.h"

namespace larder::reports {

class LedgerWriter {
 public:
  LedgerWriter(LedgerOptions options, const Clock& clock, std::unique_ptr<Neighbours> neighbours,
               std::unique_ptr<Environment> environment, std::vector<std::string> set_aside);
  ~LedgerWriter();  // commits what was accepted, if that is possible, and ends the threads
  LedgerWriter(const LedgerWriter&) = delete;
  LedgerWriter& operator=(const LedgerWriter&) = delete;

  // ---- any thread ----
  void record(std::vector<FetchRecord> fetches);
  void flush();  // returns also when a commit failed: then it is not durable, and status says why
  Ledger::LedgerStatus status() const;
  // Has `change` done by the thread `ledger` in a transaction of its own, and waits until that is durable or has
  // failed. What the books remember is read anew afterwards.
  Status change(const std::function<void(WriteTxn&)>& change);

  // Calls `use(const Shelf&)`, which returns a Result; the environment stays in place meanwhile.
  template <class Use>
  auto with_environment(Use use) -> decltype(use(std::declval<const Shelf&>())) {
    const std::shared_lock lock(environment_mutex_);
    if (!environment_) return fail(ErrorKind::storage_broken, "the ledger cannot be opened; status says why");
    return use(Shelf{*environment_, releases_, inventory_});
  }

 private:
  void run_journal();
  void run_ledger();
  void hear_of_names();
  bool wait_for_work();  // false: stopping, and nothing is left
  struct Posted {
    std::size_t fetches = 0;
    std::uint64_t next = 0;  // sequence behind the last one
    std::size_t names = 0;   // of clients, learnt
  };
  struct Attempt {
    int code = 0;  // 0: durable
    Posted posted;
  };
  void turn();
  Attempt attempt();
  void make_changes();
  Posted post_waiting(WriteTxn& txn);
  void foresee_waiting();
  void settle(const Attempt& attempt);
  void forget_posted(std::size_t posted);
  void repair(int code);
  SteadyTime next_deadline() const;

  const LedgerOptions options_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable arrived_, wake_, turned_;
  std::vector<Batch> arrivals_;              // not yet in the journal; guarded by mutex_, as are the following
  std::deque<Batch> inbox_;                  // in the journal
  std::size_t waiting_ = 0;                  // fetches in arrivals_, the journal's hands, inbox_ and pending_
  SteadyTime oldest_{};                      // real time; of the inbox's first fetch
  SteadyTime names_at_ = SteadyTime::max();  // real time; when clients' names that are known are looked at
  unsigned flushing_ = 0;                    // callers of flush()
  struct Change {
    const std::function<void(WriteTxn&)>* make;
    std::optional<Status> outcome;
  };
  std::vector<Change*> changes_;  // asked for; their callers wait
  bool journal_stopping_ = false, stopping_ = false, flush_wanted_ = false;
  std::uint64_t accepted_ = 0, durable_ = 0, turns_ = 0, failures_ = 0;
  std::string broken_, journal_broken_;
  std::vector<std::string> set_aside_;

  std::deque<Batch> pending_;       // the thread `ledger`'s own, as are the following
  std::size_t first_posted_ = 0;    // fetches of pending_'s first batch that are durable already
  std::size_t foreseen_ = 0;        // fetches of pending_, from its beginning, that the books have foreseen
  std::uint64_t next_to_post_ = 0;  // sequence
  std::uint64_t dropped_before_ = 0;
  SteadyTime try_again_{}, retention_at_{}, forget_at_{};
  Books books_;

  std::atomic<std::uint64_t> dropped_{0};  // ever
  std::atomic<std::uint64_t> fetches_{0};  // raw records held

  mutable std::shared_mutex environment_mutex_;  // held alone only to replace the environment
  std::unique_ptr<Environment> environment_;
  ReleaseList releases_;
  InventoryShelf inventory_;
  Journal journal_;
  std::thread journal_thread_, thread_;
};

}  // namespace larder::reports
