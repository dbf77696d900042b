// SPDX-License-Identifier: MIT
#include "proxy/fill.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// An object whose length the origin does not tell is gathered in memory up to this. Catalogues are under 10 MB.
constexpr std::size_t kGatherBytes = 32 * kMiB;

// Packages begin with "xar!", and none with a tag.
bool is_page_for_package(std::string_view path, std::span<const std::byte> first) {
  return ends_with_ignoring_case(path, ".pkg") && !first.empty() && first.front() == std::byte{'<'};
}

}  // namespace

Fill::Fill(FillDesk& desk, FillId id, FillOrder order)
    : desk_(desk),
      id_(id),
      order_(std::move(order)),
      patience_(desk.thread.base(), [this] { not_gathered_soon(); }),
      started_(desk.clock.now()) {}

Fill::~Fill() = default;

FillInfo Fill::info() const {
  FillInfo info;
  info.url = order_.key;
  if (order_.what) {
    info.product = order_.what->product;
    info.version = order_.what->version;
  }
  if (object_) {
    info.bytes_total = object_->size_bytes;
    info.bytes_done = std::min<std::uint64_t>(std::uint64_t{held_.count()} * cache::kChunkBytes, object_->size_bytes);
  }
  info.bytes_from_origin = bytes_from_origin_;
  info.readers = readers_.size();
  info.lanes = lanes_.size();
  info.started = started_;
  return info;
}

TransferSpec::Urgency Fill::urgency() const {
  const bool catalogue = order_.what && order_.what->kind == updates::Kind::catalogue;
  const bool prompt = catalogue || order_.name == cache::NameClass::mutable_name;
  return prompt ? TransferSpec::Urgency::prompt : TransferSpec::Urgency::bulk;
}

FillChange Fill::snapshot() const {
  FillChange now{state_, stale_, confirmed_by_, object_, answer_, relay_, error_, in_flight_};
  for (const auto& [chunk, buffer] : held_back_) now.in_flight.erase(chunk);
  return now;
}

// ---- telling the loops ----

template <class Post>
void Fill::each_loop(const Post& post) const {
  for (const auto& [loop, waking] : loops_) loop->thread.post(post(*loop));
}

void Fill::announce() {
  const FillChange change{state_, stale_, confirmed_by_, object_, answer_, relay_, error_, {}};
  each_loop([&](LoopPort& loop) { return [&loop, id = id_, change] { loop.mirrors.changed(id, change); }; });
}

void Fill::announce_opened(cache::ChunkIndex chunk, const std::shared_ptr<const cache::ChunkBuffer>& buffer) const {
  each_loop(
      [&](LoopPort& loop) { return [&loop, id = id_, chunk, buffer] { loop.mirrors.opened(id, chunk, buffer); }; });
}

void Fill::announce_landed(cache::ChunkIndex chunk) const {
  each_loop([id = id_, chunk](LoopPort& loop) { return [&loop, id, chunk] { loop.mirrors.landed(id, chunk); }; });
}

// Who waits for the answer hears what comes before it (RFC 9110 15.2); who has it already does not.
void Fill::lane_interim(const OriginAnswer& answer) {
  WholeAnswer interim;
  interim.status = answer.status;
  interim.fields = answer.kept;
  each_loop([&](LoopPort& loop) { return [&loop, id = id_, interim] { loop.mirrors.interim(id, interim); }; });
}

void Fill::wake_loops() {
  for (const auto& [loop, waking] : loops_) {
    if (waking->exchange(true)) continue;
    loop->thread.post([loop = loop, id = id_, waking = waking] {
      waking->store(false);
      loop->mirrors.progress(id);
    });
  }
}

// ---- readers ----

void Fill::begin() {
  object_ = order_.known;
  if (object_ && !object_->complete() && !combinable(object_->origin)) object_ = nullptr;  // the rest is not to be had
  if (!object_) return;
  use_ = cache::ExtentUse(desk_.store, object_->extent);
  held_ = desk_.reader().held(object_->extent, object_->size_bytes);
  if (order_.validate) {
    validating_ = true;
    fallback_ = object_;
    Lane& lane = open_lane(Lane::Ask::validate, 0, kOpenEnd);
    lane.send();
  } else {
    state_ = FillState::filling;
    begin_check();
  }
}

void Fill::join(ReaderId reader, LoopPort* loop, Want want) {
  const bool first = !std::exchange(joined_once_, true);
  const Joining joining = has_received(want) ? Joining::received : first ? Joining::began : Joining::joined;
  readers_[reader] = {loop, want};
  if (want.whole()) whole_asked_ = true;
  if (loop != nullptr) {
    loops_.try_emplace(loop, std::make_shared<std::atomic<bool>>(false));
    loop->thread.post(
        [loop, reader, joining, id = id_, now = snapshot()] { loop->mirrors.joined(reader, id, joining, now); });
  }
  if (state_ == FillState::asking && lanes_.empty()) open_first_lane(want);
  if (state_ == FillState::filling) {
    add_needs_of_readers();
    plan();
    check_complete();
  }
}

bool Fill::has_received(Want want) const {
  if (state_ != FillState::filling || !lanes_.empty()) return false;
  cache::ChunkIndex chunk = cache::chunk_of(want.first);
  while (busy(chunk)) ++chunk.value;
  return cache::chunk_start(chunk) >= std::min(want.end, object_->size_bytes);
}

void Fill::want(ReaderId reader, Want want) {
  const auto found = readers_.find(reader);
  if (found == readers_.end() || ended()) return;
  found->second.want = want;
  if (want.first == 0 && object_ && want.end >= object_->size_bytes) whole_asked_ = true;
  if (state_ != FillState::filling) return;
  stop_unwanted_lanes();
  add_needs_of_readers();
  plan();
}

void Fill::need(cache::ChunkIndex chunk) {
  if (state_ != FillState::filling || chunk.value >= held_.chunks()) return;
  if (held_.has(chunk) && !in_flight_.contains(chunk)) {
    // The store lost it after this fill looked (it failed its check, or was evicted).
    const auto now = desk_.reader().held(object_->extent, object_->size_bytes);
    if (!now.has(chunk)) held_.clear(chunk);
  }
  needs_.insert(chunk.value);
  plan();
}

void Fill::leave(ReaderId reader) {
  readers_.erase(reader);
  if (ended()) return;
  if (readers_.empty() && state_ < FillState::filling) {
    end(FillState::failed, fail(ErrorKind::stopped, "nobody waits for " + order_.key + " any more"));
    return;
  }
  if (readers_.empty() && whole_asked_) {
    const auto policy = desk_.config.fills.finish;
    const bool worth_it =
        (order_.what && order_.what->listed) || std::uint64_t{held_.count()} * 2 > std::uint64_t{held_.chunks()};
    finish_all_ = policy == config::FinishFills::always || (policy == config::FinishFills::listed && worth_it);
  }
  stop_unwanted_lanes();
  plan();
  end_if_idle();
}

std::uint64_t Fill::take_unaccounted() {
  return std::exchange(unaccounted_, 0);
}

std::optional<ReaderId> Fill::owner() const {
  if (readers_.empty()) return std::nullopt;
  return readers_.begin()->first;
}

std::vector<ReaderId> Fill::readers() const {
  std::vector<ReaderId> ids;
  for (const auto& [id, entry] : readers_) ids.push_back(id);
  return ids;
}

// ---- bytes ----

bool Fill::lane_body(Lane& lane, std::span<const std::byte> bytes) {
  bytes_from_origin_ += bytes.size();
  unaccounted_ += bytes.size();
  add(desk_.counters.bytes_from_origin, bytes.size());
  gathers_on(lane);
  if (answering_ && answering_->body.size() + bytes.size() > kUnkeptBytes) {
    if (!order_.standard) {
      end(FillState::pass);
      return false;
    }
    begin_relay(lane);
  }
  if (relay_) {
    relay_on(bytes);
    return true;
  }
  if (answering_) {
    answering_->body.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return true;
  }
  if (lane.gathering) return gather(lane, bytes);
  return store_bytes(lane, bytes);
}

bool Fill::store_bytes(Lane& lane, std::span<const std::byte> bytes) {
  const std::uint64_t skipped = std::min<std::uint64_t>(lane.skip, bytes.size());
  lane.skip -= skipped;
  bytes = bytes.subspan(skipped);
  if (lane.next == 0 && !order_.standard && is_page_for_package(order_.origin.path, bytes)) {
    desk_.refuse(*this, "it is a page, not a package");
    return false;
  }
  while (!bytes.empty()) {
    if (lane.next >= lane.end) {
      lane.satisfied = true;
      return false;
    }
    if (lane.next >= lane.answered_end) return false;  // more than the head said
    const cache::ChunkIndex chunk = cache::chunk_of(lane.next);
    if (!lane.buffer) {
      if (busy(chunk)) {
        lane.satisfied = true;
        return false;
      }
      lane.buffer = std::make_shared<cache::ChunkBuffer>(cache::chunk_length(chunk, object_->size_bytes));
      if (is_last_to_open()) {
        held_back_[chunk] = lane.buffer;
        finish_all_ = true;  // its readers wait for the others' sake
      } else {
        announce_opened(chunk, lane.buffer);
      }
      in_flight_[chunk] = lane.buffer;
      needs_.erase(chunk.value);
    }
    const std::size_t taken =
        lane.buffer->append(bytes.first(std::min<std::uint64_t>(bytes.size(), lane.answered_end - lane.next)));
    if (taken == 0) return false;
    lane.next += taken;
    bytes = bytes.subspan(taken);
    if (lane.buffer->filled() == lane.buffer->capacity()) {
      const auto full = std::exchange(lane.buffer, nullptr);
      if (held_back_.contains(chunk)) {
        decide_when_whole();
      } else {
        desk_.put_chunk(*this, chunk, full);
      }
    }
  }
  wake_loops();
  return true;
}

bool Fill::gather(Lane& lane, std::span<const std::byte> bytes) {
  if (lane.gathered.size() + bytes.size() > kGatherBytes) {
    if (order_.standard) {
      begin_relay(lane);
      relay_on(bytes);
      return true;
    }
    desk_.remember_uncacheable(order_.url);
    end(FillState::pass);
    return false;
  }
  lane.gathered.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return true;
}

void Fill::relay_on(std::span<const std::byte> bytes) {
  relay_->append(bytes);
  if (!relay_->kept() || !relay_->too_long(kGatherBytes)) return;
  if (relay_->body().size() > kGatherBytes) desk_.remember_uncacheable(order_.url);
  relay_->keep_no_more();
}

void Fill::chunk_stored(cache::ChunkIndex chunk, const Status& status) {
  if (ended()) return;
  in_flight_.erase(chunk);
  if (!status) {
    spdlog::warn("not storing {}: {}", order_.key, status.error().message);
    add(desk_.counters.chunks_unstored);
    desk_.storage_refused();
    end(FillState::pass, status.error());
    return;
  }
  held_.set(chunk);
  announce_landed(chunk);
  if (checking_ && !check_passed_) desk_.checker().stored(id_, chunk);
  decide_when_whole();
  check_complete();
  if (!ended()) end_if_idle();
}

// ---- the end of a lane ----

void Fill::lane_ended(Lane& lane, const Status& status) {
  if (ended()) return;
  if (relay_) {
    relay_ended(lane, status);
    return;
  }
  if (answering_) {
    if (status) {
      answer_with(std::exchange(answering_, nullptr));
    } else {
      answering_.reset();
      give_up(status.error());
    }
    return;
  }
  if (lane.ask_again) {
    lane.send();
    return;
  }
  if (lane.gathering && status) {
    gathered(lane);
    return;
  }
  if (lane.satisfied || (state_ == FillState::filling && lane.next >= lane.end)) {
    drop_lane(lane);
    if (state_ != FillState::filling) return;
    add_needs_of_readers();
    plan();
    check_complete();
    if (!ended()) end_if_idle();
    return;
  }
  retry(lane, status);
}

// The length is known at last.
void Fill::gathered(Lane& lane) {
  const std::string gathered = std::move(lane.gathered);
  const std::span<const std::byte> body = relay_ ? relay_->body() : std::as_bytes(std::span(gathered));
  lane.gathering = false;
  if (!describe(gathering_answer_, body.size())) return;
  lane.next = 0;
  lane.end = lane.answered_end = body.size();
  if (!body.empty()) store_bytes(lane, body);
  drop_lane(lane);
  check_complete();
}

// Chunks that were held when the fill began may have failed their check since: they are fetched like any other.
bool Fill::fetch_what_was_lost() {
  held_ = desk_.reader().held(object_->extent, object_->size_bytes);
  if (held_.full()) return false;
  begin_check();
  finish_all_ = true;
  add_needs_of_readers();
  plan();
  return true;
}

void Fill::check_complete() {
  if (state_ != FillState::filling || completing_ || !held_.full()) return;
  if (object_->complete()) {
    desk_.learned(object_);
    end(FillState::finished);
    return;
  }
  check_late();
  if (ended()) return;
  if (checking_ && !check_passed_) {
    decide_when_whole();
    return;
  }
  completing_ = true;
  desk_.complete(*this, object_->extent);
}

void Fill::object_completed(Result<cache::ObjectPtr> result) {
  completing_ = false;
  if (ended()) return;
  if (!result && fetch_what_was_lost()) return;
  if (!result) {
    spdlog::warn("completing {}: {}", order_.key, result.error().message);
    end(FillState::failed, result.error());
    return;
  }
  object_ = *result;
  desk_.learned(object_);
  end(FillState::finished);
}

void Fill::end_if_idle() {
  if (readers_.empty() && lanes_.empty() && in_flight_.empty() && !completing_ && !deciding_) {
    end(FillState::failed, fail(ErrorKind::stopped, "nobody waits for " + order_.key + " any more"));
  }
}

void Fill::end(FillState state, Error error) {
  if (ended()) return;
  state_ = state;
  error_ = std::move(error);
  if (relay_) relay_->end(fail(error_.kind, error_.message));
  lanes_.clear();
  announce();
  desk_.ended(*this);
}

}  // namespace larder::proxy
