// SPDX-License-Identifier: MIT
// The parts of one object that have reached one device: sorted, disjoint, not touching.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace larder::reports {

class Intervals {
 public:
  // Apple's updaters ask in pieces of a few MiB, mostly in order, so real lists stay short. At the bound the shortest
  // interval is forgotten: coverage may then be understated, never overstated.
  static constexpr std::size_t kMost = 4096;
  using Interval = std::pair<std::uint64_t, std::uint64_t>;  // [first, end)

  void add(std::uint64_t first, std::uint64_t end);  // nothing happens unless first < end

  std::uint64_t covered() const;  // bytes
  bool covers(std::uint64_t size) const { return !list_.empty() && list_[0].first == 0 && list_[0].second >= size; }
  const std::vector<Interval>& list() const { return list_; }
  bool operator==(const Intervals&) const = default;

 private:
  std::vector<Interval> list_;
};

}  // namespace larder::reports
