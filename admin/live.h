// SPDX-License-Identifier: MIT
// LiveStatus: what the running daemon knows of itself at this moment, as numbers. larderd supplies it through
// Sources::live (server.h), so the administration needs to know nothing of how requests are served.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "proxy/counters.h"
#include "proxy/mismatch.h"

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

// An origin that could not be reached, or asked for a rest, and is left alone for now.
struct RestingOrigin {
  std::string origin;  // host:port
  std::string why;
  std::uint64_t failures = 0;  // in a row
  WallTime since;
  std::uint64_t next_try_seconds = 0;  // from now
};

struct LiveStatus {
  std::string version;  // of Larder
  WallTime started;
  std::vector<RunningFill> fills;
  std::vector<RestingOrigin> origins_at_rest;
  std::vector<proxy::Mismatch> mismatches;  // the newest first
  proxy::Counters counters;                 // as they stood
};

}  // namespace larder::admin
