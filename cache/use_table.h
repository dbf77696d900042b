// SPDX-License-Identifier: MIT
// What loops tell the store without a message: which extents are being sent, and which were asked for. Fixed tables of
// atomics indexed by the extent's number. Lock-free, any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "cache/object.h"

namespace larder::cache {

// Counts users of extents. Two extents may share a counter: one is then spared with the other, no more. Numbers are
// given in sequence, so extents of one time do not collide.
class UseTable {
 public:
  void take(ExtentId extent) noexcept { counter(extent).fetch_add(1, std::memory_order_acq_rel); }
  void give_back(ExtentId extent) noexcept { counter(extent).fetch_sub(1, std::memory_order_acq_rel); }
  bool in_use(ExtentId extent) const noexcept {
    return counters_[extent.value % kCounters].load(std::memory_order_acquire) != 0;
  }

 private:
  static constexpr std::size_t kCounters = 65536;  // 256 KiB; more extents in use than this are not expected
  std::atomic<std::uint32_t>& counter(ExtentId extent) { return counters_[extent.value % kCounters]; }
  std::array<std::atomic<std::uint32_t>, kCounters> counters_{};
};

// Remembers extents touched since they were last collected. An extent may push another out of its place: recency is a
// preference, not a promise.
class TouchTable {
 public:
  void touch(ExtentId extent) noexcept {
    std::atomic<std::uint64_t>& place = places_[extent.value % kPlaces];
    if (place.load(std::memory_order_relaxed) != extent.value) place.store(extent.value, std::memory_order_relaxed);
  }

  // Calls `each` with every extent touched since the last call.
  template <class Each>
  void collect(Each each) {
    for (std::atomic<std::uint64_t>& place : places_) {
      if (place.load(std::memory_order_relaxed) == 0) continue;
      each(ExtentId{place.exchange(0, std::memory_order_relaxed)});
    }
  }

 private:
  static constexpr std::size_t kPlaces = 4096;
  std::array<std::atomic<std::uint64_t>, kPlaces> places_{};
};

}  // namespace larder::cache
