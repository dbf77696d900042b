// SPDX-License-Identifier: MIT
#include "proxy/fill_mirror.h"

namespace larder::proxy {

std::shared_ptr<const cache::ChunkBuffer> FillMirror::in_flight(cache::ChunkIndex chunk) const {
  const auto found = in_flight_.find(chunk);
  return found == in_flight_.end() ? nullptr : found->second;
}

void FillMirror::need(cache::ChunkIndex chunk) {
  if (state_ <= FillState::filling && needed_.insert(chunk).second) need_(chunk);
}

template <class Tell>
void FillMirror::each_watcher(const Tell& tell) {
  // A watcher may leave, and others with it, while it is told.
  const std::vector<FillWatcher*> told(watchers_.begin(), watchers_.end());
  for (FillWatcher* watcher : told) {
    if (watchers_.contains(watcher)) tell(*watcher);
  }
}

void FillMirror::wake() {
  each_watcher([](FillWatcher& watcher) { watcher.on_fill(); });
}

void FillMirrors::apply(FillMirror& mirror, const FillChange& change) {
  mirror.state_ = change.state;
  mirror.stale_ = change.stale;
  mirror.confirmed_by_ = change.confirmed_by;
  if (change.object) mirror.object_ = change.object;
  mirror.answer_ = change.answer;
  mirror.relay_ = change.relay;
  mirror.error_ = change.error;
  mirror.needed_.clear();
}

void FillMirrors::joined(ReaderId reader, FillId fill, Joining joining, const FillChange& now) {
  const auto expected = expected_.find(reader);
  if (expected == expected_.end()) return;
  const Joined tell = std::move(expected->second);
  expected_.erase(expected);
  std::shared_ptr<FillMirror>& mirror = mirrors_[fill];
  if (!mirror) {
    mirror = std::make_shared<FillMirror>(fill, [this, fill](cache::ChunkIndex chunk) { need_(fill, chunk); });
    apply(*mirror, now);
    mirror->in_flight_ = now.in_flight;
  }
  const std::shared_ptr<FillMirror> kept = mirror;
  if (ended(now.state)) mirrors_.erase(fill);
  tell(kept, joining);
}

void FillMirrors::changed(FillId fill, const FillChange& change) {
  const auto found = mirrors_.find(fill);
  if (found == mirrors_.end()) return;
  const std::shared_ptr<FillMirror> mirror = found->second;
  apply(*mirror, change);
  if (ended(change.state)) {
    mirrors_.erase(found);
    if (change.state == FillState::finished) mirror->in_flight_.clear();
  }
  mirror->wake();
}

void FillMirrors::opened(FillId fill, cache::ChunkIndex chunk, std::shared_ptr<const cache::ChunkBuffer> buffer) {
  const auto found = mirrors_.find(fill);
  if (found == mirrors_.end()) return;
  found->second->in_flight_[chunk] = std::move(buffer);
  found->second->needed_.erase(chunk);
}

void FillMirrors::landed(FillId fill, cache::ChunkIndex chunk) {
  const auto found = mirrors_.find(fill);
  if (found == mirrors_.end()) return;
  const std::shared_ptr<FillMirror> mirror = found->second;
  mirror->in_flight_.erase(chunk);
  mirror->needed_.erase(chunk);
  mirror->wake();
}

void FillMirrors::progress(FillId fill) {
  const auto found = mirrors_.find(fill);
  if (found == mirrors_.end()) return;
  const std::shared_ptr<FillMirror> mirror = found->second;
  mirror->wake();
}

void FillMirrors::interim(FillId fill, const WholeAnswer& answer) {
  const auto found = mirrors_.find(fill);
  if (found == mirrors_.end()) return;
  const std::shared_ptr<FillMirror> mirror = found->second;
  mirror->each_watcher([&](FillWatcher& watcher) { watcher.on_interim(answer); });
}

}  // namespace larder::proxy
