// SPDX-License-Identifier: MIT
// One step of the Writer: gather, write the bytes, write the index, answer.
#include <spdlog/spdlog.h>

#include <utility>

#include "cache/recovery.h"
#include "cache/writer.h"

namespace larder::cache {

namespace {

// Bytes of chunks per step. LMDB allocates each dirty value: at 8 MiB malloc still keeps the blocks (page faults are 1
// % of the store's time); batches of 16 and more cost twice the CPU. A chunk waits for one step before its own at most.
constexpr std::uint64_t kBytesPerStep = 8 * kChunkBytes;
// Others per step; one commit then answers them all.
constexpr std::size_t kMessagesPerStep = 512;

// Done in a step of its own, because it changes what later messages of the same step would rely on.
bool stands_alone(const Message& message) {
  return std::holds_alternative<DropChunk>(message) || std::holds_alternative<DistrustExtent>(message) ||
         std::holds_alternative<SetLimits>(message);
}

bool aborts_step(const Status& status) {
  if (status) return false;
  const ErrorKind kind = status.error().kind;
  return kind == ErrorKind::storage_broken || kind == ErrorKind::storage_damaged || kind == ErrorKind::storage_full;
}

}  // namespace

Writer::Step Writer::gather() {
  Step step;
  std::uint64_t bytes = 0;
  while (!queue_.empty() && step.messages.size() < kMessagesPerStep && bytes < kBytesPerStep) {
    const bool alone = stands_alone(queue_.front());
    if (alone && !step.messages.empty()) break;
    if (const auto* chunk = std::get_if<PutChunk>(&queue_.front())) bytes += charge_of_chunk(chunk->object_size_bytes);
    step.messages.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (alone) break;
  }
  step.landed.resize(step.messages.size());
  return step;
}

void Writer::run(Step& step) {
  write_chunks(step);
  const Status committed = write_index(step);
  if (!committed) undo(step, committed.error());
  note(kIndex, committed);
  if (committed && step.objects_changed) environments_->epoch.fetch_add(1, std::memory_order_acq_rel);
  if (committed && std::exchange(erase_now_, false)) erase_doomed_now();
  publish();
  answer(step, committed);
  for (auto message = step.again.rbegin(); message != step.again.rend(); ++message) {
    queue_.push_front(std::move(*message));
  }
}

Status Writer::write_index(Step& step) {
  auto txn = WriteTxn::begin(index_.environment());
  if (!txn) return std::move(txn).error();
  step.index = txn->handle();
  for (std::size_t i = 0; i < step.messages.size(); ++i) {
    const Landed& landed = step.landed[i];
    Status done = std::visit([&](auto& message) { return apply(step, message, landed); }, step.messages[i]);
    if (aborts_step(done) && landed.status) return done;
    std::visit(
        [&](auto& message) {
          // A completion answers for itself, through an answer of its own or later.
          if constexpr (requires { message.done(done); }) {
            if (message.done) step.answers.push_back({std::exchange(message.done, nullptr), std::move(done)});
          }
        },
        step.messages[i]);
  }
  for (const ExtentId extent : step.changed) {
    const HeldExtent* held = inventory_.find(extent);
    if (held == nullptr) continue;
    if (Status done = index_.put_extent(step.index, extent, held->record()); !done) return done;
  }
  if (too_many_objects()) {
    bool any = false;
    if (Status done = evict_in(step, 0, {}, any); !done) return done;
  }
  return commit(std::move(*txn), index_.environment());
}

Status Writer::commit(WriteTxn txn, const Environment& environment) {
  if (const int code = disk_->before_commit(environment.name())) {
    return lmdb_error(code, "committing " + environment.name());
  }
  Status committed = std::move(txn).commit();
  if (!committed) return std::move(committed).error().with_context(environment.name());
  return committed;
}

void Writer::answer(Step& step, const Status& committed) {
  for (Answer& answer : step.answers) {
    answer.done(answer.status && !committed ? committed : answer.status);
  }
  if (committed) return;
  // Those the step did not come to.
  for (Message& message : step.messages) {
    std::visit(
        [&](auto& asked) {
          if constexpr (requires { asked.done; }) {
            if (asked.done) asked.done(committed.error());
          }
        },
        message);
  }
}

void Writer::undo(Step& step, const Error& error) {
  spdlog::error("The store could not commit its index: {}", error.message);
  // What the step changed in memory never happened.
  for (const ExtentId extent : step.changed) forget_hash(extent, error);
  auto txn = ReadTxn::begin(index_.environment());
  if (txn) {
    if (Status loaded = load_inventory(index_, txn->handle(), inventory_); !loaded) {
      spdlog::error("The store's index cannot be read: {}", loaded.error().message);
    }
  }
  for (std::size_t i = 0; i < step.messages.size(); ++i) {
    if (!step.landed[i].written) continue;
    const auto& chunk = std::get<PutChunk>(step.messages[i]);
    room_.doom_chunk(chunk.extent, chunk.chunk, chunk.object_size_bytes);
    forget_hash(chunk.extent, error);
  }
  erase_now_ = false;
}

void Writer::note(std::string_view where, const Status& outcome) {
  const auto before = broken_.find(where);
  if (outcome) {
    if (before == broken_.end()) return;
    broken_.erase(before);
    if (broken_.empty()) spdlog::info("The store can be written again");
  } else if (outcome.error().kind == ErrorKind::storage_full) {
    status_.full = true;
    return;
  } else if (before == broken_.end()) {
    spdlog::error("The store cannot be written: {}", outcome.error().message);
    broken_.emplace(where, outcome.error().message);
  } else {
    before->second = outcome.error().message;
  }
  status_.broken = broken_.empty() ? "" : broken_.begin()->second;
}

void Writer::publish() {
  status_.bytes_held = room_.held();
  environments_->bytes_held.store(room_.held(), std::memory_order_relaxed);
  status_.bytes_limit = room_.limit();
  status_.objects = inventory_.objects();
  status_.objects_complete = inventory_.objects_complete();
  status_.blobs = inventory_.blobs();
  board_.publish(status_);
}

void Writer::erase_doomed_now() {
  note(kErasing, room_.erase_some(inventory_));
}

}  // namespace larder::cache
