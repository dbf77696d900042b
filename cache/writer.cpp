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
  auto next = recover(*environments_, inventory_, room_);
  if (!next) return next;
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
  return next;
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
    note(erased);
    publish();
    if (erased) return true;
  }
  for (const Store::Done& done : std::exchange(flushes_, {})) done(ok());
  return false;
}

void Writer::tick() {
  collect_touches();
  drop_unnamed();
  note(make_room({}, {}));
  if (clock_.steady() - recency_saved_ >= kRecencySavedEvery) save_recency();
  publish();
}

void Writer::finish() {
  const Error stopped = fail(ErrorKind::stopped, "Larder is shutting down");
  verifier_.reset();
  if (verify_progress_) verify_progress_(stopped);
  for (auto& [extent, progress] : hashing_.all()) {
    for (Complete& waiting : progress.waiting) waiting.done(stopped);
  }
  for (const Store::Done& done : std::exchange(flushes_, {})) done(ok());
  collect_touches();
  save_recency();
}

}  // namespace larder::cache
