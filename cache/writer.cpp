// SPDX-License-Identifier: MIT
#include "cache/writer.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "cache/opening.h"
#include "cache/recovery.h"

namespace larder::cache {

namespace {

// Recency is a preference: a minute of it may be lost with a crash.
constexpr std::chrono::seconds kRecencySavedEvery{60};
// A store that cannot be written is tried again so often.
constexpr std::chrono::seconds kTriedEvery{2};

}  // namespace

Writer::Writer(std::shared_ptr<StoreEnvironments> environments, std::shared_ptr<Disk> disk, const Clock& clock,
               const StoreOptions& options, StatusBoard& board)
    : environments_(std::move(environments)),
      index_(environments_->index),
      disk_(std::move(disk)),
      clock_(clock),
      path_(options.path),
      board_(board),
      most_bytes_(most_bytes_kept(options.cache_size_bytes)),
      room_(*environments_, *disk_, options.path),
      recency_saved_(clock.steady()) {
  room_.set_limits(options.cache_size_bytes, options.reserve_bytes);
}

Result<ExtentId> Writer::open(std::vector<std::string> set_aside) {
  status_.set_aside = std::move(set_aside);
  auto recovered = recover(*environments_, inventory_, room_);
  if (!recovered) return std::move(recovered).error();
  status_.chunks_lost = recovered->chunks_lost;
  if (environments_->must_be_opened_anew()) {
    note(kWhole,
         fail(ErrorKind::storage_broken,
              path_.string() + " cannot be written (read-only disk?); what it holds is served, nothing is kept"));
  }
  // A crash between the last chunk and the digest: every byte is there, only the proof is missing.
  for (const auto& [extent, held] : inventory_.extents()) {
    if (!held.complete && held.full() && !held.names.empty()) hashing_.progress(extent, held.size_bytes);
  }
  for (auto& [extent, progress] : hashing_.all()) {
    const HeldExtent& held = *inventory_.find(extent);
    auto txn = ReadTxn::begin(index_.environment());
    if (!txn) break;
    auto object = index_.object(txn->handle(), *held.names.begin());
    if (!object || !*object) continue;
    Complete resumed{(*object)->url, extent, {}, [](const Result<ObjectPtr>&) {}};
    if (progress.digest) {
      queue_.emplace_back(std::move(resumed));
    } else {
      progress.waiting.push_back(std::move(resumed));
    }
  }
  publish();
  return recovered->next;
}

void Writer::start_scrubbing(std::chrono::seconds period) {
  if (period == std::chrono::seconds(0)) return;
  if (auto txn = ReadTxn::begin(index_.environment())) {
    if (const auto place = index_.scrub_place(txn->handle()); place && *place) scrubbed_ = **place;
  }
  status_.scrub_began = scrubbed_.pass_began;
  status_.scrub_ended = scrubbed_.last_pass_ended;
  publish();
  scrubber_ = std::make_unique<Scrubber>(environments_, clock_, scrubbed_, period);
}

void Writer::handle(std::vector<Message> messages) {
  for (Message& message : messages) queue_.push_back(std::move(message));
  while (!queue_.empty()) {
    Step step = gather();
    run(step);
  }
  publish();
}

bool Writer::work_behind() {
  if (hash_some()) return true;
  if (room_.anything_doomed()) {
    const Status erased = room_.erase_some(inventory_);
    note(kErasing, erased);
    publish();
    if (erased) return true;
  }
  for (const Store::Done& done : std::exchange(flushes_, {})) done(ok());
  return false;
}

void Writer::tick() {
  collect_touches();
  drop_unnamed();
  if (Status made = make_room({}, {}); !made) note(kErasing, made);
  if (!status_.broken.empty()) try_again();
  if (clock_.steady() - recency_saved_ >= kRecencySavedEvery) save_recency();
  publish();
}

// A store that nobody writes to would stay broken for ever.
void Writer::try_again() {
  if (clock_.steady() - tried_ < kTriedEvery) return;
  tried_ = clock_.steady();
  if (environments_->must_be_opened_anew()) {
    if (can_be_written(path_)) want_restart("the store's disk can be written again, and the store must be opened anew");
    return;
  }
  note(kIndex, try_index());
  for (const Shelf* shelf : {&environments_->chunks, &environments_->small}) {
    note(shelf->environment().name(), try_shelf(*shelf));
  }
  note(kErasing, room_.erase_some(inventory_));
}

Status Writer::try_index() {
  auto txn = WriteTxn::begin(index_.environment());
  if (!txn) return std::move(txn).error();
  const auto next = index_.next_extent(txn->handle());
  if (!next) return next.error();
  if (Status done = index_.put_next_extent(txn->handle(), *next); !done) return done;
  return commit(std::move(*txn), index_.environment());
}

// A record that comes and goes in one commit: of no extent, so a crash cannot leave it behind.
Status Writer::try_shelf(const Shelf& shelf) {
  auto txn = WriteTxn::begin(shelf.environment());
  if (!txn) return std::move(txn).error();
  const auto key = numbered_key({0}, 0);
  if (Status done = put(txn->handle(), shelf.table(), key, key); !done) return done;
  if (Status done = erase(txn->handle(), shelf.table(), key); !done) return done;
  return commit(std::move(*txn), shelf.environment());
}

void Writer::finish() {
  const Error stopped = fail(ErrorKind::stopped, "Larder is shutting down");
  verifier_.reset();
  scrubber_.reset();
  if (verify_progress_) verify_progress_(stopped);
  for (auto& [extent, progress] : hashing_.all()) {
    for (Complete& waiting : progress.waiting) waiting.done(stopped);
  }
  for (const Store::Done& done : std::exchange(flushes_, {})) done(ok());
  collect_touches();
  save_recency();
}

}  // namespace larder::cache
