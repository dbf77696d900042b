// SPDX-License-Identifier: MIT
// LiveFeed: what a live view is told each second (GET /api/v1/live): who waits, what runs, how fast the network and the
// line are, what the store answers lately. One feed serves all views; it remembers a minute of counters, no more.
// Threads: one at a time, any.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "admin/live.h"
#include "admin/table.h"
#include "base/clock.h"

namespace larder::admin {

class LiveFeed {
 public:
  // One server-sent event ("event: live"), with its data as one line of JSON (openapi.yaml, Live). Rates are over the
  // last five seconds, the hit ratio over the last minute; both are null while there is nothing to compare with.
  std::string event(const LiveStatus& live, WallTime now, SteadyTime steady);

 private:
  struct Sample {
    SteadyTime at;
    std::uint64_t sent = 0;         // body bytes to clients
    std::uint64_t beside = 0;       // of these, errors and Larder's own pages
    std::uint64_t from_origin = 0;  // body bytes from origins
  };

  std::deque<Sample> samples_;  // the newest last
};

// The transfers that run, as GET /api/v1/fills lists them.
Table running_fills(const LiveStatus& live);

}  // namespace larder::admin
