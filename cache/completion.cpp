// SPDX-License-Identifier: MIT
// How an object becomes complete: every chunk held, the SHA-256 taken over all of them, a twin looked for.
#include <algorithm>
#include <cassert>
#include <utility>

#include "cache/residence.h"
#include "cache/writer.h"

namespace larder::cache {

namespace {

// Read back and hashed before messages are looked at again: 4 MiB take 4 to 10 ms.
constexpr std::uint32_t kChunksPerTurn = 4;
// Asked of the disk ahead of those.
constexpr std::uint32_t kChunksAhead = 8;

}  // namespace

Status Writer::apply(Step& step, Complete& message, const Landed& /*landed*/) {
  auto object = index_.object(step.index, url_key(message.url));
  if (!object) return std::move(object).error();
  HeldExtent* held = inventory_.find(message.extent);
  if (!*object || (*object)->url != message.url || (*object)->extent != message.extent || held == nullptr) {
    answer_failed(step, message, fail(ErrorKind::not_found, message.url + " no longer names these bytes"));
    return ok();
  }
  if (held->complete) {
    if (message.expected && *message.expected != *held->digest) return refuse_bytes(step, message, *held);
    return answer_whole(step, message);
  }
  if (!held->full()) {
    answer_failed(step, message, fail(ErrorKind::invalid, "not every chunk of " + message.url + " is held"));
    return ok();
  }
  HashProgress& progress = hashing_.progress(message.extent, held->size_bytes);
  if (progress.digest) {
    const Digest digest = *progress.digest;
    return settle(step, message, *held, digest);
  }
  progress.waiting.push_back(std::move(message));
  message.done = nullptr;
  return ok();
}

Status Writer::settle(Step& step, Complete& message, HeldExtent& held, const Digest& digest) {
  const bool as_expected = !message.expected || *message.expected == digest;
  const bool as_before = !held.digest || *held.digest == digest;
  if (!as_expected || !as_before) return refuse_bytes(step, message, held);
  auto blob = index_.blob(step.index, digest);
  if (!blob) return std::move(blob).error();
  HeldExtent* twin = *blob ? inventory_.find((*blob)->extent) : nullptr;
  step.objects_changed = true;
  if (twin != nullptr && twin != &held && twin->complete) {
    assert(twin->size_bytes == held.size_bytes);
    const ExtentId twin_extent = (*blob)->extent;
    if (Status done = repoint(step, held, twin_extent, *twin); !done) return done;
    inventory_.use(twin_extent, clock_.now());
    forget_hash(message.extent, fail(ErrorKind::not_found, "the bytes are kept under another extent"));
    step.changed.insert(message.extent);
    if (!environments_->use.in_use(message.extent)) {
      if (Status done = drop_extent(step, message.extent); !done) return done;
    }
    return answer_whole(step, message);
  }
  inventory_.set_complete(held, digest);
  step.changed.insert(message.extent);
  if (Status done = index_.put_extent(step.index, message.extent, held.record()); !done) return done;
  if (Status done = index_.put_blob(step.index, digest, {message.extent, held.size_bytes}); !done) return done;
  hashing_.forget(message.extent);
  return answer_whole(step, message);
}

Status Writer::refuse_bytes(Step& step, Complete& message, HeldExtent& held) {
  Error error = fail(ErrorKind::corrupt, "the bytes of " + message.url + " have not the SHA-256 they should have");
  if (held.complete) {
    // Others trust these bytes; only this name is wrong about them.
    const UrlKey key = url_key(message.url);
    if (Status done = index_.erase_object(step.index, key); !done) return done;
    step.objects_changed = true;
    if (Status done = unname(step, message.extent, key); !done) return done;
  } else {
    if (Status done = erase_objects_of(step, held); !done) return done;
    if (Status done = drop_extent(step, message.extent); !done) return done;
  }
  answer_failed(step, message, std::move(error));
  return ok();
}

Status Writer::answer_whole(Step& step, Complete& message) {
  auto object = index_.whole_object(step.index, message.url);
  if (!object) return std::move(object).error();
  if (*object && !(*object)->complete()) {
    // The extent's record is written at the end of the step; the answer must not wait for it.
    auto whole = std::make_shared<Object>(**object);
    whole->digest = inventory_.find(whole->extent)->digest;
    *object = std::move(whole);
  }
  step.answers.push_back({[done = std::exchange(message.done, nullptr), object = *object](const Status& status) {
                            if (!done) return;
                            if (status) {
                              done(object);
                            } else {
                              done(status.error());
                            }
                          },
                          ok()});
  return ok();
}

void Writer::answer_failed(Step& step, Complete& message, Error error) {
  step.answers.push_back({[done = std::exchange(message.done, nullptr)](const Status& status) {
                            if (done) done(status.error());
                          },
                          std::move(error)});
}

bool Writer::hash_some() {
  // Those somebody waits for come first.
  auto chosen = hashing_.all().end();
  for (auto entry = hashing_.all().begin(); entry != hashing_.all().end(); ++entry) {
    const HashProgress& progress = entry->second;
    const HeldExtent* held = inventory_.find(entry->first);
    if (progress.digest || held == nullptr || !held->chunks[progress.next]) continue;
    if (chosen == hashing_.all().end() || !progress.waiting.empty()) chosen = entry;
    if (!progress.waiting.empty()) break;
  }
  if (chosen == hashing_.all().end()) return false;
  const ExtentId extent = chosen->first;
  HashProgress& progress = chosen->second;
  const Status read = read_back(extent, *inventory_.find(extent), progress);
  if (!read) {
    if (read.error().kind == ErrorKind::corrupt) queue_.emplace_back(DropChunk{extent, {progress.next}});
    forget_hash(extent, read.error());
  } else if (progress.digest) {
    for (Complete& waiting : std::exchange(progress.waiting, {})) queue_.emplace_back(std::move(waiting));
  }
  handle({});
  return true;
}

Status Writer::read_back(ExtentId extent, const HeldExtent& held, HashProgress& progress) {
  const Shelf& shelf = environments_->shelf_of(held.size_bytes);
  auto bytes_txn = ReadTxn::begin(shelf.environment());
  if (!bytes_txn) return std::move(bytes_txn).error();
  auto index_txn = ReadTxn::begin(index_.environment());
  if (!index_txn) return std::move(index_txn).error();
  for (std::uint32_t ahead = 0; ahead < kChunksAhead && progress.next + ahead < progress.chunks; ++ahead) {
    auto bytes = shelf.find(bytes_txn->handle(), extent, {progress.next + ahead}, held.size_bytes);
    if (bytes && !bytes->empty()) environments_->bring_in(extent, {progress.next + ahead}, *bytes);
  }
  for (std::uint32_t turn = 0; turn < kChunksPerTurn && !progress.digest && held.chunks[progress.next]; ++turn) {
    const ChunkIndex chunk{progress.next};
    auto bytes = shelf.find(bytes_txn->handle(), extent, chunk, held.size_bytes);
    if (!bytes) return std::move(bytes).error();
    auto check = index_.check(index_txn->handle(), extent, chunk);
    if (!check) return std::move(check).error();
    if (!*check || !environments_->check(extent, chunk, *bytes, **check)) {
      return fail(ErrorKind::corrupt, "a stored chunk fails its check");
    }
    Hashing::feed(progress, bytes->pieces());
  }
  return ok();
}

}  // namespace larder::cache
