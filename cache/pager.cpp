// SPDX-License-Identifier: MIT
// The Pager: a few threads, each with its own Reader and queue. A chunk always goes to the same thread, so that many
// askers of one cold chunk cost one read.
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread.h"
#include "cache/reader.h"
#include "cache/store_reader.h"

namespace larder::cache {

namespace {

// Cold chunks waiting per thread: at 1,200 MB/s this is 4 s of reading. Over it: `cold` is answered at once.
constexpr std::size_t kPagerInbox = 4096;
// The chunk asked for and the two after it.
constexpr std::uint32_t kReadAhead = 3;

struct Warm {
  ExtentId extent;
  ChunkIndex chunk;
  std::uint64_t size_bytes = 0;
  std::function<void(ChunkState)> done;
};

class PagerThread {
 public:
  PagerThread(std::shared_ptr<StoreEnvironments> environments, unsigned number)
      : reader_(std::move(environments)), thread_([this, number] { run(number); }) {}
  ~PagerThread() {
    inbox_.close();
    thread_.join();
  }
  PagerThread(const PagerThread&) = delete;
  PagerThread& operator=(const PagerThread&) = delete;

  bool try_push(Warm&& asked) { return inbox_.try_push(std::move(asked)); }

 private:
  void run(unsigned number) noexcept {
    name_this_thread("pager-" + std::to_string(number));
    for (;;) {
      constexpr std::chrono::hours kLong{1};
      std::vector<Warm> asked = inbox_.take(std::chrono::steady_clock::now() + kLong, 1);
      if (asked.empty() && inbox_.closed()) return;
      for (const Warm& one : asked) one.done(warm(one));
    }
  }

  ChunkState warm(const Warm& asked) {
    const auto look = [](std::span<const std::byte>) {};
    const ChunkState now = reader_.read(asked.extent, asked.chunk, asked.size_bytes, look);
    if (now != ChunkState::cold) return now;
    reader_.ask_for_chunks(asked.extent, asked.chunk, kReadAhead, asked.size_bytes);
    return reader_.read_now(asked.extent, asked.chunk, asked.size_bytes, look);
  }

  Inbox<Warm> inbox_{kPagerInbox};
  StoreReader reader_;
  std::thread thread_;
};

class StorePager final : public Pager {
 public:
  StorePager(const std::shared_ptr<StoreEnvironments>& environments, unsigned threads) {
    if (!environments) return;
    for (unsigned number = 0; number < threads; ++number) {
      threads_.push_back(std::make_unique<PagerThread>(environments, number));
    }
  }

  void warm(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes,
            std::function<void(ChunkState)> done) override {
    Warm asked{extent, chunk, size_bytes, std::move(done)};
    if (!threads_.empty()) {
      const std::uint64_t which = (extent.value + chunk.value / kReadAhead) % threads_.size();
      if (threads_[which]->try_push(std::move(asked))) return;
    }
    asked.done(ChunkState::cold);
  }

 private:
  std::vector<std::unique_ptr<PagerThread>> threads_;
};

}  // namespace

std::unique_ptr<Pager> Pager::start(Store& store, unsigned threads) {
  return std::make_unique<StorePager>(environments_of(store), threads);
}

}  // namespace larder::cache
