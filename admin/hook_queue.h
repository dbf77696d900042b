// SPDX-License-Identifier: MIT
// HookQueue: the events that one webhook has not been told yet, in order, in memory and in a directory of their own: a
// file each, named by the time it came (docs/formats.md). A disk that cannot be written loses them at an end of the
// program, not before.
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>

#include "admin/event.h"
#include "base/clock.h"

namespace larder::admin {

// At it: the oldest of the same kind goes, or when there is none the oldest at all, and is counted.
inline constexpr std::size_t kEventsWaiting = 1000;

class HookQueue {
 public:
  struct Waiting {
    WallTime since;  // no two at the same time
    Event event;
  };

  // What was left there waits again. The directory need not exist.
  explicit HookQueue(std::filesystem::path directory, std::size_t limit = kEventsWaiting);

  // Nothing happens when one with this id waits already. On disk when it returns.
  void add(const Event& event, WallTime now);

  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  const Waiting& first() const { return waiting_.front(); }
  void remove_first();

  std::uint64_t dropped() const { return dropped_; }  // for want of room, since the start

 private:
  std::filesystem::path file_of(const Waiting& waiting) const;
  void read_kept();
  void make_room(const Event& event);

  std::filesystem::path directory_;
  std::size_t limit_;
  std::deque<Waiting> waiting_;
  std::uint64_t dropped_ = 0;
};

}  // namespace larder::admin
