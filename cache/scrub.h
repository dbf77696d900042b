// SPDX-License-Identifier: MIT
// Scrubber: reads everything that is held back against its checks, again and again, one chunk at a time and so slowly
// that one pass takes the period it is given. It finds what rots while nobody asks for it, when the origin still has
// it. Objects of one chunk are held against their SHA-256 as well, which costs little; larger ones are by
// `larder cache verify`.
// It changes nothing: what fails is reported to the store thread, which looks again and drops it, so that the next
// request fetches just that chunk. How far it has come is kept in the index, so a restart loses a minute of it.
// Threads: made and destroyed by `store`; its own thread, `scrub`, reports through the store's inbox. It is as
// important as the others: at a lower priority it would be the last to end, and the end of a process is the work of its
// last thread (1.5 s on a busy machine, with every client's connection open).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "cache/scrub_place.h"
#include "cache/store_environments.h"

namespace larder::cache {

class Scrubber {
 public:
  // Goes on behind `from`.
  Scrubber(std::shared_ptr<StoreEnvironments> environments, const Clock& clock, ScrubPlace from,
           std::chrono::seconds period);
  ~Scrubber();  // stops it
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

 private:
  using Steady = std::chrono::steady_clock;
  struct Found {
    ExtentId extent;
    ChunkIndex chunk;
    std::uint64_t check = 0;
    ExtentRecord record;
  };

  void run();
  bool wait_until(Steady::time_point due);
  std::chrono::nanoseconds pause_after(std::uint64_t bytes) const;
  std::optional<Found> next_chunk() const;
  // Bytes it stands for in the pace.
  std::uint64_t look_at(const Found& found);
  void end_pass();
  void tell();

  std::shared_ptr<StoreEnvironments> environments_;
  const Clock& clock_;
  const std::chrono::seconds period_;
  ScrubPlace place_;
  Steady::time_point told_{};

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace larder::cache
