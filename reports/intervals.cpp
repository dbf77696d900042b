// SPDX-License-Identifier: MIT
#include "reports/intervals.h"

#include <algorithm>

namespace larder::reports {

void Intervals::add(std::uint64_t first, std::uint64_t end) {
  if (first >= end) return;
  // [from, to) of the list touches or overlaps the new interval and becomes one with it.
  const auto from = std::lower_bound(list_.begin(), list_.end(), first,
                                     [](const Interval& interval, std::uint64_t at) { return interval.second < at; });
  auto to = from;
  while (to != list_.end() && to->first <= end) {
    first = std::min(first, to->first);
    end = std::max(end, to->second);
    ++to;
  }
  if (from == to) {
    list_.insert(from, {first, end});
  } else {
    *from = {first, end};
    list_.erase(from + 1, to);
  }
  if (list_.size() > kMost) {
    list_.erase(std::min_element(list_.begin(), list_.end(), [](const Interval& a, const Interval& b) {
      return a.second - a.first < b.second - b.first;
    }));
  }
}

std::uint64_t Intervals::covered() const {
  std::uint64_t bytes = 0;
  for (const auto& [first, end] : list_) bytes += end - first;
  return bytes;
}

}  // namespace larder::reports
