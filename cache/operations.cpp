// SPDX-License-Identifier: MIT
// The second half of a step: what each message changes in the index. The inventory is changed alongside; when the
// commit fails it is built again. Every check comes before the first change.
#include <spdlog/spdlog.h>

#include <utility>

#include "cache/opening.h"
#include "cache/writer.h"

namespace larder::cache {

namespace {

// Late chunks come within a fill's queue of the drop.
constexpr std::size_t kDroppedRemembered = 4096;

Error no_such_object(const std::string& url) {
  return fail(ErrorKind::not_found, "there is no object " + url + " in the cache");
}

}  // namespace

Status Writer::apply(Step& step, PutObject& message, const Landed& /*landed*/) {
  const Object& object = message.object;
  if (object.url.empty() || object.extent.value == 0)
    return fail(ErrorKind::invalid, "an object needs a URL and bytes");
  if (object.size_bytes > limits::kObjectBytes) {
    return fail(ErrorKind::too_large, "the object is larger than the store keeps: " + object.url);
  }
  HeldExtent* held = inventory_.find(object.extent);
  if (held == nullptr && dropped_.contains(object.extent)) {
    return fail(ErrorKind::not_found, "the bytes of " + object.url + " are no longer kept");
  }
  if (held != nullptr && held->size_bytes != object.size_bytes) {
    return fail(ErrorKind::invalid, "an object's size differs from that of its bytes: " + object.url);
  }
  const UrlKey key = url_key(object.url);
  auto before = index_.object(step.index, key);
  if (!before) return std::move(before).error();
  if (Status put = index_.put_object(step.index, key, object); !put) return put;

  if (held == nullptr) {
    held = &inventory_.add(object.extent, object.size_bytes, clock_.now());
    step.changed.insert(object.extent);
  }
  if (*before && (*before)->extent != object.extent) {
    if (Status done = unname(step, (*before)->extent, key); !done) return done;
  }
  inventory_.name(*held, key);
  inventory_.use(object.extent, clock_.now());
  step.objects_changed = true;
  return ok();
}

Status Writer::apply(Step& step, PutChunk& message, const Landed& landed) {
  if (!landed.status) return landed.status;
  HeldExtent* held = inventory_.find(message.extent);
  if (!landed.written) {
    // Held before this step, or a second time in it.
    if (held != nullptr && held->chunks[message.chunk.value]) return ok();
    return fail(ErrorKind::not_found, "the bytes this chunk belongs to are no longer kept");
  }
  const bool gone = held == nullptr && dropped_.contains(message.extent);
  if (gone || (held != nullptr && held->size_bytes != message.object_size_bytes)) {
    room_.doom_chunk(message.extent, message.chunk, message.object_size_bytes);
    return fail(ErrorKind::not_found, "the bytes this chunk belongs to are no longer kept");
  }
  if (held == nullptr) held = &inventory_.add(message.extent, message.object_size_bytes, clock_.now());
  if (Status done = mark(step, message.extent, message.chunk, landed.check); !done) return done;
  inventory_.set_chunk(*held, message.chunk);
  inventory_.use(message.extent, clock_.now());
  step.changed.insert(message.extent);
  return ok();
}

Status Writer::mark(Step& step, ExtentId extent, ChunkIndex chunk, std::uint64_t check) {
  const std::uint32_t number = chunk.value / kChunksPerPage;
  auto page = index_.page(step.index, extent, number);
  if (!page) return std::move(page).error();
  MapPage map = *page ? std::move(**page)
                      : MapPage(page_slots(static_cast<std::uint32_t>(inventory_.find(extent)->chunks.size()), number));
  map.set(chunk.value % kChunksPerPage, check);
  return index_.put_page(step.index, extent, number, map);
}

Status Writer::apply(Step& step, Remove& message, const Landed& /*landed*/) {
  const UrlKey key = url_key(message.url);
  auto before = index_.object(step.index, key);
  if (!before) return std::move(before).error();
  if (!*before || (*before)->url != message.url) return no_such_object(message.url);
  if (Status done = index_.erase_object(step.index, key); !done) return done;
  if (Status done = index_.erase_pin(step.index, key); !done) return done;
  step.objects_changed = true;
  if (HeldExtent* held = inventory_.find((*before)->extent)) inventory_.unpin(key, *held);
  return unname(step, (*before)->extent, key);
}

Result<HeldExtent*> Writer::named_extent(Step& step, const std::string& url) {
  auto object = index_.object(step.index, url_key(url));
  if (!object) return std::move(object).error();
  HeldExtent* held = *object && (*object)->url == url ? inventory_.find((*object)->extent) : nullptr;
  if (held == nullptr) return no_such_object(url);
  return held;
}

Status Writer::apply(Step& step, Pin& message, const Landed& /*landed*/) {
  auto held = named_extent(step, message.url);
  if (!held) return std::move(held).error();
  const UrlKey key = url_key(message.url);
  if (Status done = index_.put_pin(step.index, key, message.url); !done) return done;
  inventory_.pin(key, **held);
  return ok();
}

Status Writer::apply(Step& step, Unpin& message, const Landed& /*landed*/) {
  auto held = named_extent(step, message.url);
  if (!held) return std::move(held).error();
  const UrlKey key = url_key(message.url);
  if (Status done = index_.erase_pin(step.index, key); !done) return done;
  inventory_.unpin(key, **held);
  return ok();
}

Status Writer::apply(Step& step, DropChunk& message, const Landed& /*landed*/) {
  HeldExtent* held = inventory_.find(message.extent);
  if (held == nullptr || message.chunk.value >= held->chunks.size() || !held->chunks[message.chunk.value]) return ok();
  const Shelf& shelf = environments_->shelf_of(held->size_bytes);
  auto check = index_.check(step.index, message.extent, message.chunk);
  if (!check) return std::move(check).error();
  {
    auto txn = ReadTxn::begin(shelf.environment());
    if (!txn) return std::move(txn).error();
    auto bytes = shelf.find(txn->handle(), message.extent, message.chunk, held->size_bytes);
    if (!bytes) return std::move(bytes).error();
    if (*check && environments_->check(message.extent, message.chunk, *bytes, **check)) return ok();
    if (!shelf.may_be_freed(*bytes, held->size_bytes)) {
      // Its place can neither be freed nor written again; the object gets another.
      queue_.push_front(DistrustExtent{message.extent});
    }
  }
  spdlog::warn("Chunk {} of extent {} failed its check and is dropped", message.chunk.value, message.extent.value);
  auto page = index_.page(step.index, message.extent, message.chunk.value / kChunksPerPage);
  if (!page) return std::move(page).error();
  if (*page) {
    (*page)->clear(message.chunk.value % kChunksPerPage);
    const std::uint32_t number = message.chunk.value / kChunksPerPage;
    if (Status done = index_.put_page(step.index, message.extent, number, **page); !done) return done;
  }
  if (held->complete) {
    if (Status done = index_.erase_blob(step.index, *held->digest, message.extent); !done) return done;
  }
  inventory_.clear_chunk(*held, message.chunk);
  inventory_.set_incomplete(*held);
  for (Complete& waiting : hashing_.forget(message.extent)) {
    answer_failed(step, waiting, fail(ErrorKind::corrupt, "a chunk failed its check"));
  }
  room_.doom_chunk(message.extent, message.chunk, held->size_bytes);
  erase_now_ = true;
  ++status_.corrupt_chunks;
  step.changed.insert(message.extent);
  step.objects_changed = true;
  return ok();
}

Status Writer::apply(Step& step, DistrustExtent& message, const Landed& /*landed*/) {
  HeldExtent* held = inventory_.find(message.extent);
  if (held == nullptr) return ok();
  spdlog::warn("The bytes of extent {} have not the SHA-256 on record and are dropped", message.extent.value);
  const ExtentId anew{environments_->next_extent.fetch_add(1, std::memory_order_relaxed)};
  HeldExtent& empty = inventory_.add(anew, held->size_bytes, clock_.now());
  step.changed.insert(anew);
  if (Status done = repoint(step, *held, anew, empty); !done) return done;
  return drop_extent(step, message.extent);
}

Status Writer::apply(Step& /*step*/, SetLimits& message, const Landed& /*landed*/) {
  std::uint64_t limit = message.cache_size_bytes;
  if (limit > most_bytes_) {
    spdlog::warn("storage.cache_size grew beyond what the open store can take; until a restart it is {} bytes",
                 most_bytes_);
    limit = most_bytes_;
  }
  room_.set_limits(limit, message.reserve_bytes);
  return ok();
}

Status Writer::apply(Step& /*step*/, StartVerify& message, const Landed& /*landed*/) {
  if (verify_progress_) {
    if (message.progress) message.progress(fail(ErrorKind::busy, "the cache is being verified already"));
    return ok();
  }
  verify_progress_ = message.progress ? std::move(message.progress) : [](const Result<VerifyReport>&) {};
  verifier_ = std::make_unique<Verifier>(environments_);
  return ok();
}

Status Writer::apply(Step& /*step*/, VerifyCame& message, const Landed& /*landed*/) {
  if (!verify_progress_) return ok();
  verify_progress_(message.report);
  if (!message.report || message.report->finished) {
    verifier_.reset();
    verify_progress_ = nullptr;
  }
  return ok();
}

Status Writer::apply(Step& /*step*/, ScrubCame& message, const Landed& /*landed*/) {
  scrubbed_ = message.place;
  scrub_unsaved_ = true;
  status_.chunks_scrubbed = scrubbed_.chunks;
  status_.scrub_began = scrubbed_.pass_began;
  status_.scrub_ended = scrubbed_.last_pass_ended;
  return ok();
}

Status Writer::apply(Step& step, Flush& message, const Landed& /*landed*/) {
  (void)step;
  if (message.done) flushes_.push_back(std::exchange(message.done, nullptr));
  return ok();
}

Status Writer::unname(Step& step, ExtentId extent, const UrlKey& key) {
  HeldExtent* held = inventory_.find(extent);
  if (held == nullptr) return ok();
  inventory_.unname(*held, key);
  step.changed.insert(extent);
  if (!held->names.empty() || environments_->use.in_use(extent)) return ok();
  return drop_extent(step, extent);
}

Status Writer::drop_extent(Step& step, ExtentId extent) {
  const HeldExtent& held = *inventory_.find(extent);
  if (Status done = index_.erase_extent(step.index, extent, held.record()); !done) return done;
  room_.doom(extent, held.size_bytes);
  forget_hash(extent, fail(ErrorKind::not_found, "the bytes are no longer kept"));
  inventory_.erase(extent);
  dropped_.insert(extent);
  if (dropped_.size() > kDroppedRemembered) dropped_.erase(dropped_.begin());
  return ok();
}

Status Writer::repoint(Step& step, HeldExtent& from, ExtentId to, HeldExtent& target) {
  const std::set<UrlKey> names = from.names;
  for (const UrlKey& key : names) {
    auto object = index_.object(step.index, key);
    if (!object) return std::move(object).error();
    if (!*object) continue;
    (*object)->extent = to;
    if (Status done = index_.put_object(step.index, key, **object); !done) return done;
    inventory_.unname(from, key);
    inventory_.name(target, key);
  }
  step.objects_changed = true;
  return ok();
}

Status Writer::erase_objects_of(Step& step, HeldExtent& held) {
  const std::set<UrlKey> names = held.names;
  for (const UrlKey& key : names) {
    if (Status done = index_.erase_object(step.index, key); !done) return done;
    if (Status done = index_.erase_pin(step.index, key); !done) return done;
    inventory_.unpin(key, held);
    inventory_.unname(held, key);
  }
  step.objects_changed = true;
  return ok();
}

}  // namespace larder::cache
