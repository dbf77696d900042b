// SPDX-License-Identifier: MIT
// The first half of a step: the chunks' bytes, into the environments that hold nothing else.
#include <algorithm>
#include <utility>

#include "cache/writer.h"

namespace larder::cache {

void Writer::write_chunks(Step& step) {
  std::vector<std::size_t> large;
  std::vector<std::size_t> small;
  std::vector<std::size_t> wanted;
  std::set<std::pair<ExtentId, ChunkIndex>> seen;
  std::set<ExtentId> spared;
  Amount needed;
  for (std::size_t i = 0; i < step.messages.size(); ++i) {
    const auto* chunk = std::get_if<PutChunk>(&step.messages[i]);
    if (chunk == nullptr) continue;
    step.landed[i].status = may_be_written(*chunk);
    spared.insert(chunk->extent);
    if (!step.landed[i].status || is_held(*chunk) || !seen.insert({chunk->extent, chunk->chunk}).second) continue;
    needed.of(chunk->object_size_bytes) += charge_of_chunk(chunk->object_size_bytes);
    wanted.push_back(i);
  }
  // What does not fit is refused from the end, so that those before it may be kept.
  while (!wanted.empty()) {
    Status made = make_room(needed, spared);
    if (made) break;
    const std::size_t last = wanted.back();
    wanted.pop_back();
    const std::uint64_t size = std::get<PutChunk>(step.messages[last]).object_size_bytes;
    needed.of(size) -= charge_of_chunk(size);
    note(kErasing, made);
    step.landed[last].status = std::move(made);
  }
  for (const std::size_t i : wanted) {
    (is_small(std::get<PutChunk>(step.messages[i]).object_size_bytes) ? small : large).push_back(i);
  }
  write_to(environments_->chunks, step, large);
  write_to(environments_->small, step, small);
}

Status Writer::may_be_written(const PutChunk& chunk) const {
  const std::uint64_t size = chunk.object_size_bytes;
  if (size > limits::kObjectBytes) return fail(ErrorKind::too_large, "the object is larger than the store keeps");
  if (chunk.extent.value == 0 || !chunk.bytes || chunk.chunk.value >= chunk_count(size) ||
      chunk.bytes->filled() != chunk_length(chunk.chunk, size)) {
    return fail(ErrorKind::invalid, "a chunk has not the length its place in the object asks for");
  }
  const auto& extents = inventory_.extents();
  const auto held = extents.find(chunk.extent);
  if (held == extents.end() && dropped_.contains(chunk.extent)) {
    return fail(ErrorKind::not_found, "the bytes this chunk belongs to are no longer kept");
  }
  if (held != extents.end() && held->second.size_bytes != size) {
    return fail(ErrorKind::invalid, "a chunk names another object size than the chunks before it");
  }
  return ok();
}

bool Writer::is_held(const PutChunk& chunk) {
  const HeldExtent* held = inventory_.find(chunk.extent);
  return held != nullptr && held->chunks[chunk.chunk.value];
}

void Writer::write_to(const Shelf& shelf, Step& step, const std::vector<std::size_t>& which) {
  if (which.empty()) return;
  Status outcome = ok();
  Amount grown;
  if (auto txn = WriteTxn::begin(shelf.environment())) {
    auto put = put_all(txn->handle(), shelf, step, which);
    if (put) {
      grown = *put;
      outcome = commit(std::move(*txn), shelf.environment());
    } else {
      outcome = std::move(put).error();
    }
  } else {
    outcome = std::move(txn).error();
  }
  note(shelf.environment().name(), outcome);
  if (outcome) {
    room_.grew(grown);
    status_.full = false;
    for (const std::size_t i : which) {
      const auto& chunk = std::get<PutChunk>(step.messages[i]);
      environments_->checked.add(chunk.extent, chunk.chunk);
    }
    return;
  }
  for (const std::size_t i : which) {
    step.landed[i] = {outcome, false, 0};
    forget_hash(std::get<PutChunk>(step.messages[i]).extent, outcome.error());
  }
}

Result<Amount> Writer::put_all(MDB_txn* txn, const Shelf& shelf, Step& step, const std::vector<std::size_t>& which) {
  Amount grown;
  for (const std::size_t i : which) {
    const auto& chunk = std::get<PutChunk>(step.messages[i]);
    const ByteView bytes = chunk.bytes->bytes();
    auto charge = shelf.put(txn, chunk.extent, chunk.chunk, chunk.object_size_bytes, bytes);
    if (!charge) return std::move(charge).error();
    grown.of(chunk.object_size_bytes) += *charge;
    step.landed[i].written = true;
    step.landed[i].check = check_of(bytes);
    hashing_.feed(chunk.extent, chunk.chunk, chunk.object_size_bytes, bytes);
  }
  return grown;
}

void Writer::forget_hash(ExtentId extent, const Error& why) {
  for (Complete& waiting : hashing_.forget(extent)) {
    if (waiting.done) waiting.done(why);
  }
}

}  // namespace larder::cache
