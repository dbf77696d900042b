// SPDX-License-Identifier: MIT
// Pace: how much of a rate one client has used, all its connections together. A token bucket, kept as the moment until
// which the client has had its share: one number, so that loops need no lock.
//
// A client that has been quiet may have kBurst of its rate at once. What two loops send in the same instant may
// together go over by one turn each; it is paid back before anything more is sent. Threads: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace larder::proxy {

class Pace {
 public:
  static constexpr std::chrono::nanoseconds kBurst = std::chrono::milliseconds(200);
  // Sent at once, at least, so that a paced answer is not cut into crumbs; or half a burst, if that is less.
  static constexpr std::uint64_t kLeastBytes = 16 * 1024;

  // Bytes that may be sent now; 0: later. The rate in bytes a second, not 0.
  std::uint64_t allowed(SteadyTime now, std::uint64_t rate) const {
    const std::int64_t from = std::max(had_until_ns_.load(std::memory_order_relaxed), ns(now));
    const std::int64_t left_ns = ns(now) + kBurst.count() - from;
    if (left_ns <= 0) return 0;
    const std::uint64_t bytes = bytes_in(left_ns, rate);
    return bytes >= std::min(kLeastBytes, bytes_in(kBurst.count() / 2, rate)) ? bytes : 0;
  }

  void spend(std::uint64_t bytes, SteadyTime now, std::uint64_t rate) {
    const auto cost_ns = static_cast<std::int64_t>(static_cast<double>(bytes) * 1e9 / static_cast<double>(rate));
    std::int64_t had = had_until_ns_.load(std::memory_order_relaxed);
    while (!had_until_ns_.compare_exchange_weak(had, std::max(had, ns(now)) + cost_ns, std::memory_order_relaxed)) {
    }
  }

  // Nothing is owed any more: to forget the client gives it nothing.
  bool settled(SteadyTime now) const { return had_until_ns_.load(std::memory_order_relaxed) <= ns(now); }

 private:
  static std::int64_t ns(SteadyTime time) {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  }
  static std::uint64_t bytes_in(std::int64_t span_ns, std::uint64_t rate) {
    return static_cast<std::uint64_t>(static_cast<double>(span_ns) * static_cast<double>(rate) / 1e9);
  }

  std::atomic<std::int64_t> had_until_ns_{0};
};

}  // namespace larder::proxy
