// SPDX-License-Identifier: MIT
// Making room before it is used: least recently used first; never what is pinned, never what is being sent or filled.
#include <spdlog/spdlog.h>

#include <utility>

#include "base/bytes.h"
#include "cache/writer.h"

namespace larder::cache {

namespace {

// Each costs the store about 500 bytes of memory and the index a few KiB. Over it the least recently used goes.
constexpr std::uint64_t kObjects = 1024ULL * 1024;
// An extent that was never named and that nobody fills: its fill gave up before it described the object.
constexpr std::chrono::minutes kUnnamedKept{1};

}  // namespace

Status Writer::make_room(Amount needed, const std::set<ExtentId>& spared) {
  for (;;) {
    const std::uint64_t lacking = room_.lacking(needed);
    if (lacking == 0) return ok();
    if (!room_.anything_doomed()) {
      auto evicted = evict(lacking, spared);
      if (!evicted) return std::move(evicted).error();
      if (!*evicted) {
        return fail(ErrorKind::storage_full,
                    "no room for " + format_bytes(needed.total()) +
                        ": everything kept is pinned or in use, or the disk is at its reserve");
      }
    }
    if (Status erased = room_.erase_some(inventory_); !erased) return erased;
  }
}

Result<bool> Writer::evict(std::uint64_t bytes, const std::set<ExtentId>& spared) {
  collect_touches();
  auto txn = WriteTxn::begin(index_.environment());
  if (!txn) return std::move(txn).error();
  Step step;
  step.index = txn->handle();
  bool any = false;
  Status done = evict_in(step, bytes, spared, any);
  if (done) done = commit(std::move(*txn), index_.environment());
  if (!done) {
    undo(step, done.error());
    return std::move(done).error();
  }
  if (step.objects_changed) environments_->epoch.fetch_add(1, std::memory_order_acq_rel);
  return any;
}

bool Writer::may_go(ExtentId extent, const HeldExtent& held, const std::set<ExtentId>& spared) {
  if (held.pins > 0 || spared.contains(extent) || environments_->use.in_use(extent)) return false;
  const HashProgress* progress = hashing_.find(extent);
  return progress == nullptr || progress->waiting.empty();
}

Status Writer::evict_in(Step& step, std::uint64_t bytes, const std::set<ExtentId>& spared, bool& any) {
  std::uint64_t freed = 0;
  auto next = inventory_.by_use().begin();
  while (next != inventory_.by_use().end() && (freed < bytes || !any)) {
    const ExtentId extent = *next++;
    HeldExtent& held = *inventory_.find(extent);
    if (!may_go(extent, held, spared)) continue;
    // An extent without bytes frees none; it goes only when objects are too many.
    if (bytes > 0 && held.chunks_held == 0) continue;
    freed += is_small(held.size_bytes) ? charge_of_chunk(held.size_bytes) : held.chunks_held * kChunkBytes;
    status_.evicted_objects += held.names.size();
    if (Status done = erase_objects_of(step, held); !done) return done;
    step.changed.erase(extent);
    if (Status done = drop_extent(step, extent); !done) return done;
    any = true;
  }
  return ok();
}

bool Writer::too_many_objects() const {
  return inventory_.objects() > kObjects;
}

void Writer::drop_unnamed() {
  std::vector<ExtentId> idle;
  for (const ExtentId extent : inventory_.unnamed()) {
    const HeldExtent& held = *inventory_.find(extent);
    const bool waited = held.was_named || clock_.now() - held.used > kUnnamedKept;
    if (waited && !environments_->use.in_use(extent)) idle.push_back(extent);
  }
  if (idle.empty()) return;
  auto txn = WriteTxn::begin(index_.environment());
  if (!txn) return note(kIndex, std::move(txn).error());
  Step step;
  step.index = txn->handle();
  Status done = ok();
  for (const ExtentId extent : idle) {
    if (done) done = drop_extent(step, extent);
  }
  if (done) done = commit(std::move(*txn), index_.environment());
  if (!done) undo(step, done.error());
  note(kIndex, done);
}

void Writer::collect_touches() {
  const WallTime now = clock_.now();
  environments_->touched.collect([&](ExtentId extent) { inventory_.use(extent, now); });
}

void Writer::save_recency() {
  recency_saved_ = clock_.steady();
  auto txn = WriteTxn::begin(index_.environment());
  if (!txn) return;
  std::vector<HeldExtent*> saved;
  for (const ExtentId extent : inventory_.by_use()) {
    HeldExtent* held = inventory_.find(extent);
    if (!held->used_unsaved) continue;
    if (!index_.put_recency(txn->handle(), extent, held->used)) return;
    saved.push_back(held);
  }
  if (scrub_unsaved_ && !index_.put_scrub_place(txn->handle(), scrubbed_)) return;
  if (!commit(std::move(*txn), index_.environment())) return;
  scrub_unsaved_ = false;
  for (HeldExtent* held : saved) held->used_unsaved = false;
}

}  // namespace larder::cache
