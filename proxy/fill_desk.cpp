// SPDX-License-Identifier: MIT
#include "proxy/fill_desk.h"

#include <spdlog/spdlog.h>

#include <atomic>

#include "base/limits.h"
#include "proxy/origin_limits.h"

namespace larder::proxy {
namespace {

// How long an answer that may not be stored is remembered as such: its next askers go to the origin at once, each
// alone.
constexpr auto kUncacheableFor = std::chrono::minutes(5);
constexpr std::size_t kUncacheableRemembered = 10000;
// How long a store that refused a chunk is left alone.
constexpr auto kStoreRest = std::chrono::seconds(5);
// A full queue of which nothing is stored for so long: clients wait for a disk that may never answer. What is being
// filled goes on without the store, each client alone. A disk that is merely busy syncs within some seconds, and
// downloads wait that long without harm.
constexpr auto kStoreStuck = std::chrono::seconds(10);

reports::FileKind file_kind(updates::Kind kind) {
  switch (kind) {
    case updates::Kind::full:
      return reports::FileKind::full;
    case updates::Kind::delta:
      return reports::FileKind::delta;
    case updates::Kind::catalogue:
      return reports::FileKind::catalogue;
    case updates::Kind::other:
      return reports::FileKind::other;
  }
  return reports::FileKind::other;
}

// What Larder itself is told of what it has asked for. Microsoft's hosts say 400 for what they do not have.
Status outcome(const Fill& fill) {
  const FillChange end = fill.snapshot();
  const std::string& key = fill.order().key;
  if (end.stale) return fail(ErrorKind::origin_failed, "the origin could not confirm " + key);
  if (end.state == FillState::finished) return ok();
  if (end.state != FillState::answered || !end.answer) return fail(ErrorKind::origin_failed, "no object: " + key);
  const int code = end.answer->status;
  const bool nothing = code == 400 || code == 404 || code == 410;
  return fail(nothing ? ErrorKind::not_found : ErrorKind::origin_failed,
              "the origin answers " + std::to_string(code) + " for " + key);
}

}  // namespace

reports::SharedSubject subject_of(std::string url, const updates::Recognition& what) {
  return reports::SharedSubject({std::move(url), what.product.empty() ? what.asset_type : what.product, what.version,
                                 what.build, what.from_version, file_kind(what.kind)});
}

FillDesk::FillDesk(std::shared_ptr<EventThread> thread_in, OriginClient& client_in, cache::Store& store_in,
                   reports::Ledger& ledger, const Clock& clock_in, const config::Config& config_in,
                   Counters& counters_in)
    : owned_thread(std::move(thread_in)),
      thread(*owned_thread),
      client(client_in),
      store(store_in),
      clock(clock_in),
      config(config_in),
      counters(counters_in),
      ledger_(ledger),
      checker_(store_in,
               [this, origin = owned_thread](FillId id, const Verdict& verdict) {
                 origin->post([this, id, verdict] {
                   if (Fill* fill = find(id)) fill->checked(verdict);
                 });
               }),
      reader_(cache::Reader::make(store_in)),
      stuck_(thread.base(), [this] { store_is_stuck(); }) {}

FillDesk::~FillDesk() = default;

ReaderId FillDesk::new_reader() {
  static std::atomic<std::uint64_t> last{0};
  return {last.fetch_add(1, std::memory_order_relaxed) + 1};
}

Fill* FillDesk::find(FillId fill) const {
  const auto found = fills_.find(fill);
  return found == fills_.end() ? nullptr : found->second.get();
}

// ---- from the loops ----

void FillDesk::join(ReaderId reader, LoopPort& loop, FillOrder order, Want want) {
  if (order.url.empty()) order.url = order.key;
  if (stopping_ || must_pass(order.url)) {
    pass_now(reader, loop);
    return;
  }
  select_variant(order);
  take_freshened(order);
  const auto running = by_key_.find(order.key);
  if (running != by_key_.end() && defers(*running->second, reader, loop, order, want)) return;
  if (running != by_key_.end()) {
    by_reader_[reader] = running->second->id();
    running->second->join(reader, &loop, want);
    return;
  }
  if (answer_negative(reader, loop, order)) return;
  if (first_small_part(order, want)) {
    pass_now(reader, loop);
    return;
  }
  Fill& fill = begin(std::move(order));
  by_reader_[reader] = fill.id();
  fill.join(reader, &loop, want);
}

// Whoever comes while an object is on its way may share it. Whoever comes when all of it has been received, and is no
// longer fresh, comes too late for that: it must be validated for him, once it is stored.
bool FillDesk::defers(const Fill& running, ReaderId reader, LoopPort& loop, const FillOrder& order, Want want) {
  if (!running.has_received(want)) return false;
  const auto use = cache::use_for(running.object()->freshness, order.name, order.directives, clock.now());
  if (use == cache::Use::while_asking) validate_at_end(running, order);
  if (use != cache::Use::after_asking) return false;
  deferred_.insert(reader);
  at_end_[running.id()].emplace_back([this, reader, &loop, order, want](const Fill& ended_fill) {
    FillOrder again = order;
    if (ended_fill.state() == FillState::finished) again.known = ended_fill.object();
    again.validate = again.known != nullptr;
    thread.post([this, reader, &loop, again = std::move(again), want]() mutable {
      if (deferred_.erase(reader) > 0) join(reader, loop, std::move(again), want);
    });
  });
  return true;
}

Fill& FillDesk::begin(FillOrder order) {
  if (order.url.empty()) order.url = order.key;
  if (const auto gone = forgotten_.find(order.key); gone != forgotten_.end() && order.known) {
    if (order.known->extent == gone->second) order.known = nullptr;
  }
  if (!order.known) order.validate = false;
  const FillId id{next_fill_++};
  auto owned = std::make_unique<Fill>(*this, id, std::move(order));
  Fill& fill = *owned;
  by_key_[fill.order().key] = &fill;
  fills_.emplace(id, std::move(owned));
  add(counters.fills_started);
  fill.begin();
  return fill;
}

void FillDesk::want(ReaderId reader, Want want) {
  const auto found = by_reader_.find(reader);
  if (found == by_reader_.end()) return;
  if (Fill* fill = find(found->second)) fill->want(reader, want);
}

void FillDesk::need(FillId id, cache::ChunkIndex chunk) {
  if (Fill* fill = find(id)) fill->need(chunk);
}

void FillDesk::leave(ReaderId reader) {
  deferred_.erase(reader);
  const auto found = by_reader_.find(reader);
  if (found == by_reader_.end()) return;
  Fill* fill = find(found->second);
  by_reader_.erase(found);
  if (fill == nullptr) return;
  if (fill->owner() == reader) settled_[reader] += fill->take_unaccounted();
  fill->leave(reader);
}

void FillDesk::leave(ReaderId reader, reports::FetchRecord record) {
  leave(reader);
  if (const auto settled = settled_.find(reader); settled != settled_.end()) {
    record.bytes_from_origin += settled->second;
    settled_.erase(settled);
  }
  std::vector<reports::FetchRecord> records;
  records.push_back(std::move(record));
  ledger_.record(std::move(records));
}

void FillDesk::fetch(FillOrder order, std::function<void(Status)> done) {
  if (stopping_) {
    done(fail(ErrorKind::stopped, "Larder is stopping"));
    return;
  }
  const auto running = by_key_.find(order.key);
  Fill& fill = running != by_key_.end() ? *running->second : begin(std::move(order));
  if (fill.ended()) {
    done(fail(ErrorKind::origin_failed, "the fill ended before it began"));
    return;
  }
  own_waiting_[fill.id()].push_back(std::move(done));
  fill.join(new_reader(), nullptr, {});
}

std::vector<FillInfo> FillDesk::list() const {
  std::vector<FillInfo> infos;
  for (const auto& [id, fill] : fills_) {
    if (!fill->ended()) infos.push_back(fill->info());
  }
  return infos;
}

void FillDesk::start() {
  thread.run([this] { learn_variants(); });
  checker_.start();
}

void FillDesk::stop() {
  stopping_ = true;
  checker_.stop();
  std::vector<Fill*> running;
  for (const auto& [id, fill] : fills_) running.push_back(fill.get());
  for (Fill* fill : running) fill->end(FillState::failed, fail(ErrorKind::stopped, "Larder is stopping"));
}

// ---- for fills ----

void FillDesk::put_object(const cache::Object& object) {
  store.put_object(object, [url = object.url](const Status& status) {
    if (!status) spdlog::warn("describing {} in the index: {}", url, status.error().message);
  });
}

void FillDesk::put_freshened(const cache::ObjectPtr& object) {
  freshened_[object->url] = object;
  store.put_object(*object, [this, origin = owned_thread, object](const Status& status) {
    if (!status) spdlog::warn("describing {} in the index: {}", object->url, status.error().message);
    origin->post([this, object] {
      const auto found = freshened_.find(object->url);
      if (found != freshened_.end() && found->second == object) freshened_.erase(found);
    });
  });
}

// The asking loop has seen what the index said when it looked, which is older than what is about to be written there,
// and may be older than what was written meanwhile.
void FillDesk::take_freshened(FillOrder& order) {
  const auto found = freshened_.find(order.key);
  if (found == freshened_.end()) return look_again(order);
  if (!order.known || order.known->extent != found->second->extent) return;
  order.known = found->second;
  order.validate =
      cache::use_for(order.known->freshness, order.name, order.directives, clock.now()) == cache::Use::after_asking;
}

void FillDesk::look_again(FillOrder& order) {
  if (!order.known || !order.validate) return;
  cache::ObjectPtr stored = reader_->find(order.key);
  if (!stored || stored->extent != order.known->extent) return;
  if (cache::use_for(stored->freshness, order.name, order.directives, clock.now()) != cache::Use::as_it_is) return;
  order.known = std::move(stored);
  order.validate = false;
}

void FillDesk::put_chunk(Fill& fill, cache::ChunkIndex chunk, std::shared_ptr<const cache::ChunkBuffer> buffer) {
  if (++unstored_ >= limits::kUnstoredChunks) {
    client.hold();
    stuck_.after(kStoreStuck);
  }
  const cache::ObjectPtr& object = fill.object();
  store.put_chunk(object->extent, chunk, object->size_bytes, std::move(buffer),
                  [this, origin = owned_thread, id = fill.id(), chunk](const Status& status) {
                    origin->post([this, id, chunk, status] { stored(id, chunk, status); });
                  });
}

void FillDesk::stored(FillId id, cache::ChunkIndex chunk, const Status& status) {
  if (--unstored_ <= limits::kUnstoredChunks / 2) {
    client.release();
    stuck_.cancel();
  } else {
    stuck_.after(kStoreStuck);
  }
  if (Fill* fill = find(id)) fill->chunk_stored(chunk, status);
}

void FillDesk::store_is_stuck() {
  spdlog::warn("the store has kept nothing for {} s; passing through what is being fetched", kStoreStuck.count());
  storage_refused();
  std::vector<Fill*> running;
  for (const auto& [id, fill] : fills_) running.push_back(fill.get());
  for (Fill* fill : running) fill->end(FillState::pass, fail(ErrorKind::storage_broken, "the store does not keep up"));
  client.release();
}

void FillDesk::complete(Fill& fill, cache::ExtentId extent) {
  store.complete(fill.order().key, extent,
                 [this, origin = owned_thread, id = fill.id()](Result<cache::ObjectPtr> result) {
                   origin->post([this, id, result = std::move(result)] {
                     if (Fill* waiting = find(id)) waiting->object_completed(result);
                   });
                 });
}

void FillDesk::forget(const std::string& key, cache::ExtentId extent) {
  forgotten_[key] = extent;
  store.remove(
      key, [this, origin = owned_thread, key](const Status&) { origin->post([this, key] { forgotten_.erase(key); }); });
}

void FillDesk::ended(Fill& fill) {
  if (fill.is_checked()) checker_.forget(fill.id());
  add(fill.state() == FillState::finished ? counters.fills_finished : counters.fills_failed);
  const std::uint64_t bytes = fill.take_unaccounted();
  const auto owner = fill.owner();
  if (owner && by_reader_.contains(*owner)) {
    settled_[*owner] += bytes;
  } else if (bytes > 0) {
    write_own_record(fill, bytes);
  }
  for (const ReaderId reader : fill.readers()) by_reader_.erase(reader);
  if (const auto named = by_key_.find(fill.order().key); named != by_key_.end() && named->second == &fill) {
    by_key_.erase(named);
  }
  if (auto late = at_end_.extract(fill.id())) {
    for (const auto& go_on : late.mapped()) go_on(fill);
  }
  std::vector<std::function<void(Status)>> waiting;
  if (auto own = own_waiting_.extract(fill.id())) waiting = std::move(own.mapped());
  const Status status = outcome(fill);
  thread.post([this, id = fill.id(), waiting = std::move(waiting), status] {
    fills_.erase(id);
    for (const auto& done : waiting) done(status);
  });
}

void FillDesk::write_own_record(const Fill& fill, std::uint64_t bytes) {
  reports::FetchRecord record;
  record.time = clock.now();
  record.entrance = reports::Entrance::own;
  record.answered = reports::Answered::miss;
  record.subject = subject_of(fill.order().key, fill.order().what ? *fill.order().what : updates::Recognition{});
  record.bytes_from_origin = bytes;
  record.status = 200;
  record.complete = true;
  ledger_.record({std::move(record)});
}

void FillDesk::learned(const cache::ObjectPtr& object) {
  if (learned_) learned_(object);
}

void FillDesk::remember_uncacheable(const std::string& url) {
  if (uncacheable_.size() >= kUncacheableRemembered) uncacheable_.clear();
  uncacheable_[url] = clock.steady() + kUncacheableFor;
}

void FillDesk::remember_negative(const std::string& url, const WholeAnswer& answer, std::chrono::seconds life) {
  if (answer.body.size() > limits::kNegativeBytes) return;
  if (negative_.size() >= limits::kNegativeAnswers) negative_.clear();
  auto remembered = std::make_shared<WholeAnswer>(answer);
  remembered->remembered_at = clock.now();
  negative_[url] = {std::move(remembered), clock.steady() + life};
}

bool FillDesk::answer_negative(ReaderId reader, LoopPort& loop, const FillOrder& order) {
  if (order.standard) return false;  // of such hosts an error is stored, or it is not
  const auto found = negative_.find(order.url);
  if (found == negative_.end()) return false;
  const bool reload = order.directives.no_cache || order.directives.max_age == std::chrono::seconds(0);
  if (reload || clock.steady() >= found->second.until) {
    negative_.erase(found);
    return false;
  }
  add(counters.requests_negative);
  FillChange change;
  change.state = FillState::answered;
  change.answer = found->second.answer;
  loop.thread.post([&loop, reader, change] { loop.mirrors.joined(reader, FillId{0}, Joining::received, change); });
  return true;
}

void FillDesk::storage_refused() {
  store_again_ = clock.steady() + kStoreRest;
}

bool FillDesk::must_pass(const std::string& url) {
  const SteadyTime now = clock.steady();
  if (now < store_again_) return true;
  const auto found = uncacheable_.find(url);
  if (found == uncacheable_.end()) return false;
  if (now < found->second) return true;
  uncacheable_.erase(found);
  return false;
}

void FillDesk::pass_now(ReaderId reader, LoopPort& loop) {
  FillChange change;
  change.state = FillState::pass;
  loop.thread.post([&loop, reader, change] { loop.mirrors.joined(reader, FillId{0}, Joining::joined, change); });
}

}  // namespace larder::proxy
