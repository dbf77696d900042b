// SPDX-License-Identifier: MIT
#include "cache/reader.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "cache/residence.h"
#include "cache/store_reader.h"

namespace larder::cache {

namespace {

// A Reader of something that is not our store: it holds nothing.
class EmptyReader final : public Reader {
 public:
  ObjectPtr find(std::string_view /*url*/) override { return {}; }
  ChunkMap held(ExtentId /*extent*/, std::uint64_t size_bytes) override { return ChunkMap(chunk_count(size_bytes)); }
  ChunkState read(ExtentId /*extent*/, ChunkIndex /*chunk*/, std::uint64_t /*size*/, const Visit& /*visit*/) override {
    return ChunkState::missing;
  }
  ChunkState read_now(ExtentId /*extent*/, ChunkIndex /*chunk*/, std::uint64_t /*size*/,
                      const Visit& /*visit*/) override {
    return ChunkState::missing;
  }
  Listing list(std::string_view /*cursor*/, std::size_t /*limit*/) override { return {}; }
};

}  // namespace

bool ChunkMap::full() const {
  return std::ranges::all_of(held_, [](bool held) { return held; });
}

ChunkIndex ChunkMap::next_held(ChunkIndex from) const {
  std::uint32_t at = from.value;
  while (at < chunks() && !held_[at]) ++at;
  return {std::min(at, chunks())};
}

ChunkIndex ChunkMap::next_missing(ChunkIndex from) const {
  std::uint32_t at = from.value;
  while (at < chunks() && held_[at]) ++at;
  return {std::min(at, chunks())};
}

std::uint32_t ChunkMap::count() const {
  return static_cast<std::uint32_t>(std::ranges::count(held_, true));
}

std::unique_ptr<Reader> Reader::make(Store& store) {
  auto environments = environments_of(store);
  if (!environments) return std::make_unique<EmptyReader>();
  return std::make_unique<StoreReader>(std::move(environments));
}

StoreReader::Turn::Turn(std::optional<ReadTxn>& txn, const Environment& environment) : txn_(txn) {
  if (txn_) {
    live_ = txn_->renew().has_value();
  } else if (auto begun = ReadTxn::begin(environment)) {
    txn_.emplace(std::move(*begun));
    live_ = true;
  }
}

StoreReader::Turn::~Turn() {
  if (live_) txn_->reset();
}

ObjectPtr StoreReader::find(std::string_view url) {
  // Read before the transaction begins: what is seen then is at least as new as this epoch.
  const std::uint64_t epoch = environments_->epoch.load(std::memory_order_acquire);
  Recent& recent = recent_[check_of(std::as_bytes(std::span(url))) % kRecent];
  if (recent.epoch == epoch && recent.url == url) return recent.object;
  recent.object = look_up(url);
  recent.url = url;
  recent.epoch = epoch;
  return recent.object;
}

ObjectPtr StoreReader::look_up(std::string_view url) {
  const Turn turn(index_, environments_->index.environment());
  if (!turn) return {};
  auto object = environments_->index.whole_object(turn.handle(), url);
  return object ? std::move(*object) : ObjectPtr();
}

ChunkMap StoreReader::held(ExtentId extent, std::uint64_t size_bytes) {
  const std::uint32_t chunks = chunk_count(size_bytes);
  ChunkMap map(chunks);
  const Turn turn(index_, environments_->index.environment());
  if (!turn) return map;
  for (std::uint32_t number = 0; page_slots(chunks, number) > 0; ++number) {
    auto page = environments_->index.page(turn.handle(), extent, number);
    if (!page || !*page) continue;
    for (std::uint32_t slot = 0; slot < (*page)->slots(); ++slot) {
      if ((*page)->has(slot)) map.set({number * kChunksPerPage + slot});
    }
  }
  return map;
}

ChunkState StoreReader::read(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes, const Visit& visit) {
  const Shelf& shelf = environments_->shelf_of(size_bytes);
  const Turn turn(txn_of(size_bytes), shelf.environment());
  if (!turn) return ChunkState::missing;
  const auto bytes = shelf.find(turn.handle(), extent, chunk, size_bytes);
  if (!bytes || bytes->empty()) return ChunkState::missing;
  if (!seen_in_memory(extent, chunk, *bytes) || !environments_->checked.has(extent, chunk)) {
    // Bytes that nothing names may lie there for good (Shelf::may_be_freed).
    const Turn index_turn(index_, environments_->index.environment());
    if (!index_turn) return ChunkState::missing;
    const auto check = environments_->index.check(index_turn.handle(), extent, chunk);
    return check && *check ? ChunkState::cold : ChunkState::missing;
  }
  for (const ByteView piece : bytes->pieces()) visit(piece);
  return ChunkState::ready;
}

bool StoreReader::seen_in_memory(ExtentId extent, ChunkIndex chunk, const ChunkView& bytes) {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  const std::int64_t now_ms = std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
  Seen& seen = seen_[(extent.value * 0x9E3779B97F4A7C15ULL + chunk.value) % kSeen];
  if (seen.extent == extent && seen.chunk == chunk && now_ms < seen.until_ms) return true;
  if (!in_memory(bytes)) return false;
  seen = {extent, chunk, now_ms + kSeenForMs};
  return true;
}

ChunkState StoreReader::read_now(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes, const Visit& visit) {
  const Shelf& shelf = environments_->shelf_of(size_bytes);
  // The bytes' snapshot first: a chunk is written before it is named, so what the index names is there.
  const Turn bytes_turn(txn_of(size_bytes), shelf.environment());
  const Turn index_turn(index_, environments_->index.environment());
  if (!bytes_turn || !index_turn) return ChunkState::missing;
  const auto check = environments_->index.check(index_turn.handle(), extent, chunk);
  if (!check || !*check) return ChunkState::missing;
  const auto bytes = shelf.find(bytes_turn.handle(), extent, chunk, size_bytes);
  if (!bytes) return ChunkState::missing;
  if (!environments_->check(extent, chunk, *bytes, **check)) {
    environments_->report_corrupt(extent, chunk);
    return ChunkState::missing;
  }
  for (const ByteView piece : bytes->pieces()) visit(piece);
  return ChunkState::ready;
}

void StoreReader::ask_for_chunks(ExtentId extent, ChunkIndex first, std::uint32_t count, std::uint64_t size_bytes) {
  const Shelf& shelf = environments_->shelf_of(size_bytes);
  const Turn turn(txn_of(size_bytes), shelf.environment());
  if (!turn) return;
  const std::uint32_t chunks = chunk_count(size_bytes);
  for (std::uint32_t chunk = first.value; chunk < chunks && chunk - first.value < count; ++chunk) {
    const auto bytes = shelf.find(turn.handle(), extent, {chunk}, size_bytes);
    if (bytes) environments_->bring_in(extent, {chunk}, *bytes);
  }
}

ExtentUse::ExtentUse(Store& store, ExtentId extent) : table_(store.use_table()), extent_(extent) {
  if (table_ != nullptr) table_->take(extent_);
}

ExtentUse::~ExtentUse() {
  release();
}

ExtentUse::ExtentUse(ExtentUse&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)), extent_(other.extent_) {}

ExtentUse& ExtentUse::operator=(ExtentUse&& other) noexcept {
  if (this == &other) return *this;
  release();
  table_ = std::exchange(other.table_, nullptr);
  extent_ = other.extent_;
  return *this;
}

void ExtentUse::release() noexcept {
  if (table_ != nullptr) std::exchange(table_, nullptr)->give_back(extent_);
}

}  // namespace larder::cache
