// SPDX-License-Identifier: MIT
// FillDesk: all fills. Loops post to it; it answers through their mirrors.
// Threads: belongs to `origin`, except what says otherwise.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "cache/reader.h"
#include "cache/store.h"
#include "config/config.h"
#include "proxy/content_checker.h"
#include "proxy/counters.h"
#include "proxy/fill.h"
#include "proxy/fill_mirror.h"
#include "proxy/mismatch.h"
#include "proxy/origin_client.h"
#include "reports/ledger.h"

namespace larder::proxy {

// The way from a fill to one loop.
class LoopPort {
 public:
  LoopPort(EventThread& of_thread, FillMirrors& of_mirrors) : thread(of_thread), mirrors(of_mirrors) {}
  EventThread& thread;
  FillMirrors& mirrors;
};

// What was recognised of a canonical URL, as the ledger keeps it.
reports::SharedSubject subject_of(std::string url, const updates::Recognition& what);

class FillDesk {
 public:
  // Told on `origin` of each object that has become complete by a fill, or was found unchanged.
  using Learned = std::function<void(const cache::ObjectPtr&)>;

  // The store may answer after everything else is gone, so its callbacks hold the thread they post to.
  FillDesk(std::shared_ptr<EventThread> thread, OriginClient& client, cache::Store& store, reports::Ledger& ledger,
           const Clock& clock, const config::Config& config, Counters& counters);
  ~FillDesk();
  FillDesk(const FillDesk&) = delete;
  FillDesk& operator=(const FillDesk&) = delete;

  void on_learned(Learned learned) { learned_ = std::move(learned); }

  // More is known of what may be asked for.
  void teach(std::shared_ptr<const updates::Knowledge> knowledge) { knowledge_ = std::move(knowledge); }

  // Any thread.
  static ReaderId new_reader();

  void join(ReaderId reader, LoopPort& loop, FillOrder order, Want want);
  void want(ReaderId reader, Want want);
  void need(FillId fill, cache::ChunkIndex chunk);
  // The reader has all it wanted, or is gone. The record is completed with its share of the line and written.
  void leave(ReaderId reader, reports::FetchRecord record);
  // It turns elsewhere and may come back: its share is kept for its record.
  void leave(ReaderId reader);

  // Variants by Vary; any thread may ask it.
  const cache::VariantTable& variants() const { return variants_; }
  // A pass has brought an answer of this URL that may be kept: the next who asks may fill.
  void may_be_kept(const std::string& url) { uncacheable_.erase(url); }
  // What is stored of these URLs is out of date (RFC 9111 4.4). `done` on `store`, once nothing finds it any more.
  void invalidate(const std::vector<std::string>& urls, const std::function<void()>& done);
  // The origin's answer to a HEAD for a stored object: it is freshened, or found out of date (RFC 9111 4.3.5). `done`
  // on `store`, when that can be seen.
  void head_answered(const std::string& key, const OriginAnswer& answer, const std::function<void()>& done);

  // Larder's own request for a whole object. `done` on `origin`.
  void fetch(FillOrder order, std::function<void(Status)> done);

  std::vector<FillInfo> list() const;
  // The latest downloads whose bytes were not what a catalogue publishes, the newest first.
  std::vector<Mismatch> mismatches() const { return {mismatches_.begin(), mismatches_.end()}; }
  // When `origin` runs: learns which variants the store holds, and starts the checker, which stop() stops. Any thread
  // but `origin`.
  void start();
  void stop();

  // ---- for fills ----
  const std::shared_ptr<EventThread> owned_thread;
  EventThread& thread;
  OriginClient& client;
  cache::Store& store;
  const Clock& clock;
  const config::Config& config;
  Counters& counters;
  const Relay::Held relayed = std::make_shared<std::atomic<std::size_t>>(0);

  cache::Reader& reader() { return *reader_; }
  void put_chunk(Fill& fill, cache::ChunkIndex chunk, std::shared_ptr<const cache::ChunkBuffer> buffer);
  void put_object(const cache::Object& object);
  // The same of one that a 304 has freshened: whoever asks before the index says so is told of it.
  void put_freshened(const cache::ObjectPtr& object);
  void complete(Fill& fill, cache::ExtentId extent);
  ContentChecker& checker() { return checker_; }
  // Hands the fill to the checker, and fetches the list of chunks that its catalogue names.
  void begin_check(const Fill& fill, const updates::PublishedPtr& published, const cache::ChunkMap& held);
  // What is published of the bytes of what is ordered, as far as catalogues are known by now; null: nothing.
  updates::PublishedPtr published(const FillOrder& order) const;
  // The bytes are not what is published of them: nothing of them is kept, who has been sent some is cut off, and for a
  // while everybody goes to the origin.
  void refuse(Fill& fill, const std::string& why);
  // The stored object of this key is of a version the origin no longer has.
  void forget(const std::string& key, cache::ExtentId extent);
  void ended(Fill& fill);  // the fill reached an end state; it is freed when curl has returned
  void learned(const cache::ObjectPtr& object);
  void remember_uncacheable(const std::string& url);
  // An error answer that the next askers get for so long, without asking the origin.
  void remember_negative(const std::string& url, const WholeAnswer& answer, std::chrono::seconds life);
  void storage_refused();
  // The key for what came for this request and varies by `fields`, with room made for it.
  std::string variant_key(const std::string& url, const std::vector<std::string>& fields, const cache::Fields& request);
  void rename(Fill& fill, const std::string& key);

 private:
  bool must_pass(const std::string& url);
  Fill* find(FillId fill) const;
  Fill& begin(FillOrder order);
  void select_variant(FillOrder& order);
  void take_freshened(FillOrder& order);
  void look_again(FillOrder& order);
  void set_aside(const std::string& key);
  void validate_at_end(const Fill& running, const FillOrder& order);
  bool defers(const Fill& running, ReaderId reader, LoopPort& loop, const FillOrder& order, Want want);
  void pass_now(ReaderId reader, LoopPort& loop);
  bool first_small_part(const FillOrder& order, Want want);
  bool answer_negative(ReaderId reader, LoopPort& loop, const FillOrder& order);
  void store_is_stuck();
  void stored(FillId fill, cache::ChunkIndex chunk, const Status& status);
  void write_own_record(const Fill& fill, std::uint64_t bytes);

  void fetch_chunk_list(FillId fill, const std::string& key);
  void learn_variants();

  reports::Ledger& ledger_;
  Learned learned_;
  std::shared_ptr<const updates::Knowledge> knowledge_ = updates::Knowledge::empty();
  ContentChecker checker_;
  std::deque<Mismatch> mismatches_;
  std::unique_ptr<cache::Reader> reader_;
  std::uint64_t next_fill_ = 1;
  std::unordered_map<std::string, Fill*> by_key_;
  std::unordered_map<FillId, std::unique_ptr<Fill>> fills_;
  std::unordered_map<ReaderId, FillId> by_reader_;
  std::unordered_map<ReaderId, std::uint64_t> settled_;  // bytes of a fill that ended before its owner did
  std::unordered_map<FillId, std::vector<std::function<void(Status)>>> own_waiting_;
  std::unordered_set<ReaderId> deferred_;  // wait for the end of a fill whose bytes they may not have
  std::unordered_map<FillId, std::vector<std::function<void(const Fill&)>>> at_end_;
  struct Negative {
    std::shared_ptr<const WholeAnswer> answer;
    SteadyTime until;
  };
  std::unordered_map<std::string, Negative> negative_;  // by URL
  cache::VariantTable variants_;
  std::unordered_map<std::string, SteadyTime> uncacheable_;      // URLs, until when
  std::unordered_map<std::string, SteadyTime> small_parts_;      // URLs asked for a few bytes, until when
  std::unordered_map<std::string, cache::ObjectPtr> freshened_;  // not yet in the index
  std::unordered_map<std::string, cache::ExtentId> forgotten_;   // removed, though a loop may still believe in it
  SteadyTime store_again_{};                                     // nothing is offered to a full store before this
  std::size_t unstored_ = 0;
  Timer stuck_;  // runs while the origins are held for a store that stores nothing
  bool stopping_ = false;
};

}  // namespace larder::proxy
