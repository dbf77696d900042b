// SPDX-License-Identifier: MIT
// The store as its callers see it: messages to the thread `store`, and that thread.
#include "cache/store.h"

#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <string_view>
#include <thread>
#include <utility>

#include "cache/opening.h"
#include "cache/writer.h"

namespace larder::cache {

namespace {

constexpr std::chrono::seconds kTick{1};
// Messages taken at once; memory they hold is in the inbox's limit either way.
constexpr std::size_t kTaken = 4096;

class ThreadedStore final : public Store {
 public:
  ThreadedStore(std::shared_ptr<StoreEnvironments> environments, std::shared_ptr<Disk> disk, const Clock& clock,
                const StoreOptions& options)
      : environments_(std::move(environments)),
        writer_(environments_, std::move(disk), clock, options, board_),
        scrub_(options.scrub) {}

  ~ThreadedStore() override {
    environments_->inbox.close();
    if (thread_.joinable()) thread_.join();
  }

  Status open(std::vector<std::string> set_aside) {
    auto next = writer_.open(std::move(set_aside));
    if (!next) return std::move(next).error();
    environments_->next_extent = next->value;
    thread_ = std::thread([this] { run(); });
    return ok();
  }

  ExtentId new_extent() override { return {environments_->next_extent.fetch_add(1, std::memory_order_relaxed)}; }

  void put_object(Object object, Done done) override { post(PutObject{std::move(object), std::move(done)}); }

  void put_chunk(ExtentId extent, ChunkIndex chunk, std::uint64_t object_size_bytes,
                 std::shared_ptr<const ChunkBuffer> bytes, Done done) override {
    queued_.fetch_add(1, std::memory_order_relaxed);
    auto counted = [this, done = std::move(done)](Status status) {
      queued_.fetch_sub(1, std::memory_order_relaxed);
      if (done) done(std::move(status));
    };
    post(PutChunk{extent, chunk, object_size_bytes, std::move(bytes), std::move(counted)});
  }

  void complete(const std::string& url, ExtentId extent, std::function<void(Result<ObjectPtr>)> done) override {
    post(Complete{url, extent, {}, std::move(done)});
  }
  void complete_as(const std::string& url, ExtentId extent, const Digest& expected,
                   std::function<void(Result<ObjectPtr>)> done) override {
    post(Complete{url, extent, expected, std::move(done)});
  }

  void remove(const std::string& url, Done done) override { post(Remove{url, std::move(done)}); }
  void pin(const std::string& url, Done done) override { post(Pin{url, std::move(done)}); }
  void unpin(const std::string& url, Done done) override { post(Unpin{url, std::move(done)}); }
  void touch(ExtentId extent) override { environments_->touched.touch(extent); }
  void verify(std::function<void(Result<VerifyReport>)> progress) override { post(StartVerify{std::move(progress)}); }
  void set_limits(std::uint64_t cache_size_bytes, std::uint64_t reserve_bytes) override {
    post(SetLimits{cache_size_bytes, reserve_bytes});
  }
  void flush(Done done) override { post(Flush{std::move(done)}); }

  StoreStatus status() const override {
    StoreStatus status = board_.read();
    status.chunks_queued = queued_.load(std::memory_order_relaxed);
    return status;
  }
  std::uint64_t epoch() const override { return environments_->epoch.load(std::memory_order_acquire); }

  UseTable* use_table() override { return &environments_->use; }

  const std::shared_ptr<StoreEnvironments>& environments() const { return environments_; }

 private:
  void post(Message message) {
    if (environments_->inbox.try_push(std::move(message))) return;
    refuse(message, environments_->inbox.closed() ? fail(ErrorKind::stopped, "Larder is shutting down")
                                                  : fail(ErrorKind::busy, "the store has too much to do"));
  }

  void run() noexcept {
    name_this_thread("store");
    writer_.start_scrubbing(scrub_);
    SteadyClock::time_point next_tick = SteadyClock::now() + kTick;
    bool busy = false;
    for (;;) {
      const auto now = SteadyClock::now();
      std::vector<Message> messages = environments_->inbox.take(busy ? now : next_tick, kTaken);
      if (messages.empty() && environments_->inbox.closed()) break;
      if (!messages.empty()) writer_.handle(std::move(messages));
      busy = writer_.work_behind();
      if (SteadyClock::now() < next_tick) continue;
      writer_.tick();
      next_tick = SteadyClock::now() + kTick;
    }
    writer_.finish();
  }

  using SteadyClock = std::chrono::steady_clock;

  std::shared_ptr<StoreEnvironments> environments_;
  StatusBoard board_;
  Writer writer_;
  const std::chrono::seconds scrub_;
  std::atomic<std::uint64_t> queued_{0};
  std::thread thread_;
};

// What is given up before trying again when recovery finds damage that opening did not: the index first, as its loss
// makes the chunks worthless but theirs does not harm it.
constexpr std::array<std::string_view, 3> kGivenUpInTurn = {"index", "chunks", "small"};

Result<std::unique_ptr<Store>> try_open(const StoreOptions& options, Access access, const Clock& clock,
                                        std::shared_ptr<Disk> disk, std::vector<std::string>& set_aside) {
  auto environments = open_environments(options, access, clock, set_aside);
  if (!environments) return std::move(environments).error();
  auto store = std::make_unique<ThreadedStore>(std::move(*environments), std::move(disk), clock, options);
  if (Status done = store->open(set_aside); !done) return std::move(done).error();
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace

Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, const Clock& clock, std::shared_ptr<Disk> disk) {
  std::vector<std::string> set_aside;
  for (const std::string_view next : kGivenUpInTurn) {
    auto store = try_open(options, Access::read_write, clock, disk, set_aside);
    if (!store && store.error().kind == ErrorKind::storage_broken) {
      spdlog::error("The store cannot be opened for writing and is opened for reading: {}", store.error().message);
      return try_open(options, Access::read_only, clock, disk, set_aside);
    }
    if (store || store.error().kind != ErrorKind::storage_damaged) return store;
    const std::string why = store.error().message;
    if (Status moved = set_environment_aside(options.path, next, why, clock, set_aside); !moved) {
      return std::move(moved).error();
    }
  }
  return try_open(options, Access::read_write, clock, disk, set_aside);
}

Result<std::unique_ptr<Store>> Store::open(const StoreOptions& options, const Clock& clock) {
  return open_store(options, clock, std::make_shared<SystemDisk>());
}

void Store::complete_as(const std::string& url, ExtentId extent, const Digest& expected,
                        std::function<void(Result<ObjectPtr>)> done) {
  complete(url, extent, [url, expected, done = std::move(done)](Result<ObjectPtr> object) {
    const bool other = object && (*object)->digest != expected;
    done(other ? fail(ErrorKind::corrupt, "the bytes of " + url + " have not the expected SHA-256")
               : std::move(object));
  });
}

std::shared_ptr<StoreEnvironments> environments_of(Store& store) {
  auto* ours = dynamic_cast<ThreadedStore*>(&store);
  return ours == nullptr ? nullptr : ours->environments();
}

}  // namespace larder::cache
