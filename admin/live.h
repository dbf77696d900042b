// SPDX-License-Identifier: MIT
// LiveStatus: what the running daemon knows of itself at this moment, as numbers. larderd supplies it through
// Sources::live (server.h), so the administration needs to know nothing of how requests are served.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace larder::admin {

// One transfer from an origin, running now.
struct RunningFill {
  std::string url;  // canonical key
  std::string product;
  std::string version;
  std::uint64_t bytes_done = 0;
  std::uint64_t bytes_total = 0;  // 0: not known yet
  std::uint32_t clients_waiting = 0;
  std::uint64_t bytes_per_second = 0;  // lately
  WallTime started;
};

// Sums since start, except where it says now. Named as the data path names them (proxy/counters.h).
struct LiveCounters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;  // now
  std::uint64_t connections_refused = 0;
  std::uint64_t requests = 0;
  std::uint64_t requests_hit = 0;
  std::uint64_t requests_joined = 0;
  std::uint64_t requests_miss = 0;
  std::uint64_t requests_stale = 0;
  std::uint64_t requests_pass = 0;
  std::uint64_t requests_refused = 0;
  std::uint64_t requests_failed = 0;
  std::uint64_t bytes_sent = 0;         // body bytes to clients
  std::uint64_t bytes_from_origin = 0;  // body bytes
  std::uint64_t origin_requests = 0;
  std::uint64_t origin_retries = 0;
  std::uint64_t origin_changed = 0;
  std::uint64_t fills_started = 0;
  std::uint64_t fills_finished = 0;
  std::uint64_t fills_failed = 0;
  std::uint64_t lanes_opened = 0;
  std::uint64_t chunks_unstored = 0;
  std::uint64_t chunks_cold = 0;
};

struct LiveStatus {
  std::string version;  // of Larder
  WallTime started;
  std::vector<RunningFill> fills;
  LiveCounters counters;
};

}  // namespace larder::admin
