// SPDX-License-Identifier: MIT
#include "cache/scrub.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace larder::cache {

namespace {

using std::chrono::nanoseconds;

// Never faster than this, however short the period: a disk does ten times as much.
constexpr std::uint64_t kMostBytesPerSecond = 16 * kMiB;
// How much is held changes; the pace is worked out again so often.
constexpr std::chrono::seconds kPaceLookedAtEvery{1};
constexpr std::chrono::seconds kToldEvery{5};

}  // namespace

Scrubber::Scrubber(std::shared_ptr<StoreEnvironments> environments, const Clock& clock, ScrubPlace from,
                   std::chrono::seconds period)
    : environments_(std::move(environments)), clock_(clock), period_(period), place_(from), thread_([this] {
        run();
      }) {}

Scrubber::~Scrubber() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    wake_.notify_one();
  }
  thread_.join();
}

void Scrubber::run() {
  name_this_thread("scrub");
  Steady::time_point last = Steady::now();
  std::uint64_t bytes = kMiB;
  for (;;) {
    while (Steady::now() - last < pause_after(bytes)) {
      const auto look_again = std::min(last + pause_after(bytes), Steady::now() + kPaceLookedAtEvery);
      if (wait_until(look_again)) return;
    }
    last = Steady::now();
    bytes = kMiB;
    if (const auto found = next_chunk()) {
      if (place_.pass_began == WallTime()) place_.pass_began = clock_.now();
      bytes = look_at(*found);
    } else {
      end_pass();
    }
    if (Steady::now() - told_ >= kToldEvery) tell();
  }
}

// True when it is to stop.
bool Scrubber::wait_until(Steady::time_point due) {
  std::unique_lock lock(mutex_);
  return wake_.wait_until(lock, due, [this] { return stop_; });
}

nanoseconds Scrubber::pause_after(std::uint64_t bytes) const {
  const auto held = static_cast<double>(std::max(environments_->bytes_held.load(std::memory_order_relaxed), bytes));
  const double share = static_cast<double>(bytes) / held * std::chrono::duration<double>(period_).count();
  const double least = static_cast<double>(bytes) / static_cast<double>(kMostBytesPerSecond);
  return std::chrono::duration_cast<nanoseconds>(std::chrono::duration<double>(std::max(share, least)));
}

// The first chunk held behind the place; nothing at the end, or when the index cannot be read.
std::optional<Scrubber::Found> Scrubber::next_chunk() const {
  const Index& index = environments_->index;
  auto txn = ReadTxn::begin(index.environment());
  if (!txn) return {};
  auto cursor = Cursor::open(txn->handle(), index.maps());
  if (!cursor) return {};
  const std::uint32_t first = place_.chunk.value + 1;
  auto entry = cursor->at_or_after(numbered_key(place_.extent, first / kChunksPerPage));
  for (; entry && *entry; entry = cursor->next()) {
    const auto key = decode_numbered_key((*entry)->key);
    const auto page = decode_map_page((*entry)->value);
    if (!key || !page) continue;
    const std::uint32_t begins = key->number * kChunksPerPage;
    for (std::uint32_t slot = 0; slot < page->slots(); ++slot) {
      const std::uint32_t chunk = begins + slot;
      if (!page->has(slot) || (key->extent == place_.extent && chunk < first)) continue;
      const auto record = index.extent(txn->handle(), key->extent);
      if (!record || !*record || chunk >= chunk_count((*record)->size_bytes)) break;
      return Found{key->extent, {chunk}, page->check(slot), **record};
    }
  }
  return {};
}

std::uint64_t Scrubber::look_at(const Found& found) {
  place_.extent = found.extent;
  place_.chunk = found.chunk;
  const std::uint64_t size = found.record.size_bytes;
  const Shelf& shelf = environments_->shelf_of(size);
  auto txn = ReadTxn::begin(shelf.environment());
  if (!txn) return kMiB;
  const auto bytes = shelf.find(txn->handle(), found.extent, found.chunk, size);
  if (!bytes) return kMiB;
  ++place_.chunks;
  if (!environments_->check(found.extent, found.chunk, *bytes, found.check)) {
    // The store looks again: a chunk that went meanwhile is none that rotted.
    ++place_.damaged;
    environments_->report_corrupt(found.extent, found.chunk);
  } else if (found.record.complete && chunk_count(size) == 1) {
    Sha256 hash;
    for (const ByteView piece : bytes->pieces()) hash.update(piece);
    if (hash.finish() != *found.record.digest) {
      ++place_.damaged;
      (void)environments_->inbox.try_push(DistrustExtent{found.extent});
    }
  }
  return charge_of_chunk(size);
}

void Scrubber::end_pass() {
  if (place_.pass_began != WallTime()) place_.last_pass_ended = clock_.now();
  place_.pass_began = WallTime();
  place_.extent = {0};
  place_.chunk = {kNoChunk};
  tell();
}

// Lost when the inbox is full: the next one tells as well.
void Scrubber::tell() {
  told_ = Steady::now();
  (void)environments_->inbox.try_push(ScrubCame{place_});
}

}  // namespace larder::cache
