// SPDX-License-Identifier: MIT
// Prefetcher: what an administrator wants in the store before a device asks for it. Two at a time, in the order of
// asking, each whole. The list is in memory: a restart forgets what was waiting, and keeps what has come.
// Threads: belongs to `origin`.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {

class OriginTable;

struct Prefetch {
  enum class State { waiting, running, held, fetched, failed };  // held: it was there already
  std::uint64_t id = 0;
  std::string url;  // canonical
  std::string product, version;
  State state = State::waiting;
  std::string why;                                // it failed
  std::uint64_t bytes_done = 0, bytes_total = 0;  // total 0: not known yet
  WallTime asked, ended;                          // the epoch: not yet

  bool over() const { return state != State::waiting && state != State::running; }
};
std::string_view to_string(Prefetch::State state);

class Prefetcher {
 public:
  static constexpr std::size_t kMost = 10'000;       // that wait or run
  static constexpr std::size_t kRemembered = 1'000;  // that are over; the oldest are forgotten first

  Prefetcher(FillDesk& fills, const OriginTable& origins) : fills_(fills), origins_(origins) {}

  // All of them, or none and what is wrong with one. One that waits or runs already is that one. busy: too many wait.
  Result<std::vector<Prefetch>> add(const std::vector<std::string>& urls, const updates::Knowledge& knowledge);

  // In the order of asking, with how far each is.
  std::vector<Prefetch> list() const;

 private:
  struct Item {
    Prefetch told;
    FillOrder order;
  };
  void start_waiting();
  void start(Item& item);
  void ended(std::uint64_t id, const Status& status);
  void end(Item& item, Prefetch::State state);
  Item* find(std::uint64_t id);
  void forget_old();

  FillDesk& fills_;
  const OriginTable& origins_;
  std::deque<Item> items_;  // by id
  std::uint64_t next_id_ = 1;
  std::size_t running_ = 0;
};

}  // namespace larder::proxy
