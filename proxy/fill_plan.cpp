// SPDX-License-Identifier: MIT
// Which bytes a fill asks the origin for: lanes begin where a reader needs a chunk nobody is fetching, and end where a
// chunk is here already.
#include <algorithm>

#include "base/limits.h"
#include "proxy/fill.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// Lanes of one fill: a download manager opens 16 connections to one object.
constexpr std::size_t kLanes = 16;
// A lane this many chunks, or this long at its own speed, before a needed one will be there about as soon as a new
// request would, and without another response that has to be broken off.
constexpr std::uint32_t kLaneReach = 8;
constexpr std::chrono::milliseconds kLaneReachTime{50};
// A response younger than this has not shown its speed: its first bytes lay ready in the kernel.
constexpr std::chrono::milliseconds kSpeedShown{20};
// What a lane of an open-ended want asks for at first. A download manager opens many such requests and breaks most of
// them off where the next begins; each time lane and origin would lose what the kernels had under way. A lane that is
// read to its end asks for as much again as is there before it.
constexpr std::uint64_t kFirstRun = kLaneReach * kMiB;
// A response this near its end is received even if nobody wants the rest: breaking it off would lose about as much, in
// what the kernels have under way, and its connection too.
constexpr std::uint64_t kNearlyThere = 16 * kMiB;

std::uint32_t reach(const Lane& lane, SteadyTime now) {
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(now - lane.answered_at);
  const auto ms = static_cast<std::uint64_t>(std::max(taken, kSpeedShown).count());
  const std::uint64_t bytes = (lane.next - lane.attempt_start) * kLaneReachTime.count() / ms;
  return kLaneReach + static_cast<std::uint32_t>(bytes / cache::kChunkBytes);
}

}  // namespace

Lane& Fill::open_lane(Lane::Ask ask, std::uint64_t first, std::uint64_t end) {
  add(desk_.counters.lanes_opened);
  lanes_.push_back(std::make_unique<Lane>(*this, desk_.client, desk_.thread.base(), ask, first, end));
  asked_at_ = desk_.clock.now();
  return *lanes_.back();
}

void Fill::open_first_lane(Want want) {
  if (want.whole()) {
    open_lane(Lane::Ask::whole, 0, kOpenEnd).send();
    return;
  }
  // Whole chunks, since the store keeps nothing smaller.
  const std::uint64_t first = want.first / cache::kChunkBytes * cache::kChunkBytes;
  std::uint64_t end = kOpenEnd;
  if (want.end < kOpenEnd - cache::kChunkBytes) {
    end = (want.end + cache::kChunkBytes - 1) / cache::kChunkBytes * cache::kChunkBytes;
  }
  open_lane(Lane::Ask::range, first, end).send();
}

// The version that is being filled, as a request tells it to the origin.
std::vector<std::string> Fill::condition_fields(const Lane& lane) const {
  std::vector<std::string> fields;
  if (!object_) return fields;
  const cache::Validators& origin = object_->origin;
  if (lane.ask == Lane::Ask::validate) {
    if (!origin.etag.empty()) fields.push_back("If-None-Match: " + origin.etag);
    if (!origin.last_modified.empty()) fields.push_back("If-Modified-Since: " + origin.last_modified);
  } else if (lane.ask == Lane::Ask::range) {
    if (lane.place != described_at_) {  // which does not know the other's ETag
      if (order_.name != cache::NameClass::immutable && !origin.last_modified.empty()) {
        fields.push_back("If-Range: " + origin.last_modified);
      }
    } else if (origin.strong()) {
      fields.push_back("If-Range: " + origin.etag);
    } else if (!origin.last_modified.empty()) {
      fields.push_back("If-Range: " + origin.last_modified);
    }
  }
  return fields;
}

bool Fill::busy(cache::ChunkIndex chunk) const {
  return held_.has(chunk) || in_flight_.contains(chunk);
}

bool Fill::covered_soon(cache::ChunkIndex chunk) const {
  const bool only_so = !combinable(object_->origin);  // another lane's bytes could be of another version
  return std::any_of(lanes_.begin(), lanes_.end(), [&, now = desk_.clock.steady()](const auto& lane) {
    const std::uint32_t at = cache::chunk_of(lane->next).value;
    return lane->ask != Lane::Ask::validate && at <= chunk.value && cache::chunk_start(chunk) < lane->end &&
           (only_so || chunk.value - at <= reach(*lane, now));
  });
}

// The first chunk after `from` that need not be asked for, or the end of what is wanted.
cache::ChunkIndex Fill::run_end(cache::ChunkIndex from, std::uint64_t want_end) const {
  std::uint32_t last = std::min(held_.chunks(), cache::chunk_count(std::min(want_end, object_->size_bytes)));
  last = std::min(last, held_.next_held(from).value);
  for (const auto& [chunk, buffer] : in_flight_) {
    if (chunk > from) last = std::min(last, chunk.value);
  }
  for (const auto& lane : lanes_) {
    const cache::ChunkIndex at = cache::chunk_of(lane->next);
    if (lane->ask != Lane::Ask::validate && at > from) last = std::min(last, at.value);
  }
  return {std::max(last, from.value + 1)};
}

// How far to ask from this chunk on when the wants have no end of their own.
std::uint64_t Fill::open_run_end(cache::ChunkIndex chunk) const {
  std::uint32_t before = chunk.value;
  while (before > 0 && busy({before - 1})) --before;
  const std::uint64_t run = std::uint64_t{chunk.value - before} * cache::kChunkBytes;
  return cache::chunk_start(chunk) + std::max(run, kFirstRun);
}

std::uint64_t Fill::furthest_want(cache::ChunkIndex chunk) const {
  if (finish_all_) return object_->size_bytes;
  const std::uint64_t first = cache::chunk_start(chunk);
  std::uint64_t end = first + cache::kChunkBytes;
  for (const auto& [id, reader] : readers_) {
    if (reader.want.first < first + cache::kChunkBytes && reader.want.end > first) end = std::max(end, reader.want.end);
  }
  return end;
}

bool Fill::wanted(cache::ChunkIndex chunk) const {
  if (finish_all_ || needs_.contains(chunk.value)) return true;
  const std::uint64_t first = cache::chunk_start(chunk);
  return std::any_of(readers_.begin(), readers_.end(), [&](const auto& entry) {
    const Want& want = entry.second.want;
    return want.first < first + cache::kChunkBytes && want.end > first;
  });
}

void Fill::add_needs_of_readers() {
  const auto add_first_missing = [&](Want want) {
    cache::ChunkIndex chunk = held_.next_missing(cache::chunk_of(want.first));
    while (in_flight_.contains(chunk)) chunk = held_.next_missing({chunk.value + 1});
    if (chunk.value < held_.chunks() && cache::chunk_start(chunk) < want.end) needs_.insert(chunk.value);
  };
  for (const auto& [id, reader] : readers_) {
    if (reader.want.first < object_->size_bytes) add_first_missing(reader.want);
  }
  if (finish_all_) add_first_missing({});
}

void Fill::plan() {
  if (state_ != FillState::filling) return;
  for (auto need = needs_.begin(); need != needs_.end();) {
    const cache::ChunkIndex chunk{*need};
    if (busy(chunk)) {
      need = needs_.erase(need);
      continue;
    }
    if (!covered_soon(chunk)) {
      if (lanes_.size() >= kLanes) return;
      std::uint64_t want_end = furthest_want(chunk);
      if (want_end >= object_->size_bytes) want_end = open_run_end(chunk);
      const std::uint64_t end = std::min(cache::chunk_start(run_end(chunk, want_end)), object_->size_bytes);
      Lane& lane = open_lane(Lane::Ask::range, cache::chunk_start(chunk), end);
      lane.send();
    }
    ++need;
  }
}

void Fill::close_buffer(Lane& lane) {
  if (!lane.buffer) return;
  const cache::ChunkIndex chunk = cache::chunk_of(lane.next);
  in_flight_.erase(chunk);
  held_back_.erase(chunk);
  lane.buffer = nullptr;
  announce_landed(chunk);
}

void Fill::drop_lane(Lane& lane) {
  close_buffer(lane);
  std::erase_if(lanes_, [&](const auto& owned) { return owned.get() == &lane; });
}

bool Fill::nearly_there(const Lane& lane) const {
  return desk_.config.fills.finish != config::FinishFills::never && lane.answered_end > lane.next &&
         lane.answered_end - lane.next <= kNearlyThere;
}

void Fill::stop_unwanted_lanes() {
  if (state_ != FillState::filling) return;
  if (!readers_.empty() && !combinable(object_->origin)) return;  // no other could bring what they wait for
  std::vector<Lane*> unwanted;
  for (const auto& lane : lanes_) {
    if (lane->ask == Lane::Ask::validate || wanted(cache::chunk_of(lane->next)) || nearly_there(*lane)) continue;
    unwanted.push_back(lane.get());
  }
  for (Lane* lane : unwanted) drop_lane(*lane);
}

}  // namespace larder::proxy
