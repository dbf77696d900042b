// SPDX-License-Identifier: MIT
// LiveStatus: what the running daemon knows of itself at this moment, as numbers. larderd supplies it through
// Sources::live (server.h), so the administration needs to know nothing of how requests are served.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "proxy/counters.h"

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

struct LiveStatus {
  std::string version;  // of Larder
  WallTime started;
  std::vector<RunningFill> fills;
  proxy::Counters counters;  // as they stood
};

}  // namespace larder::admin
