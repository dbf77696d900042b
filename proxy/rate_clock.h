// SPDX-License-Identifier: MIT
// RateClock: which rates of [rates] hold now, by the hours of this machine's local time. It looks each second, so that
// a window, a reload, summer time and a clock that is set are all the same to it.
//
// Loops read the rate of one client, and the administration both, from the counters; the line is told its own.
// Threads: belongs to `origin`.
#pragma once

#include "base/clock.h"
#include "config/rates.h"
#include "proxy/counters.h"
#include "proxy/event_thread.h"
#include "proxy/line_share.h"

namespace larder::proxy {

class RateClock {
 public:
  RateClock(event_base* base, const Clock& clock, Counters& counters, LineShare& line, config::RatesConfig rates);

  void apply(config::RatesConfig rates);

 private:
  void look();

  const Clock& clock_;
  Counters& counters_;
  LineShare& line_;
  config::RatesConfig rates_;
  Timer next_;
};

// The minute it is in local time (TZ, or the system's zone).
config::LocalMinute local_minute(WallTime now);

}  // namespace larder::proxy
