// SPDX-License-Identifier: MIT
// HookRecord: how one webhook has done, and when it is tried again: after a second, then twice as long each time, an
// hour at most, a fifth more or less by chance; later when it asks for it. An event that has waited a day without a way
// through is given up at its next failure, and so is one that the webhook refuses.
// Pure; the clock is the caller's.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "admin/hook_post.h"
#include "base/clock.h"

namespace larder::admin {

inline constexpr std::chrono::hours kEventLife{24};
inline constexpr std::chrono::seconds kTryLeast{1};
inline constexpr std::chrono::seconds kTryMost{3600};
// A webhook that has failed for so long is a problem of the house.
inline constexpr std::chrono::hours kHookTrouble{1};

class HookRecord {
 public:
  enum class Verdict { told, given_up, again };

  struct Moment {
    WallTime wall;
    SteadyTime steady;
  };

  // What becomes of the event that was sent, which waits since `since`. `chance`: 0 to 1.
  Verdict note(const HookOutcome& outcome, WallTime since, Moment now, double chance);

  SteadyTime next_try() const { return next_try_; }
  WallTime last_success() const { return last_success_; }  // the epoch: never since the start
  WallTime last_failure() const { return last_failure_; }
  WallTime failing_since() const { return failing_since_; }  // the epoch: the last was a success
  const std::string& why() const { return why_; }            // of the last failure
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t given_up() const { return given_up_; }

  // Whether it is a problem: refused by the webhook, or failing for an hour.
  bool in_trouble(WallTime now) const;

 private:
  std::chrono::milliseconds span_{0};
  SteadyTime next_try_{};
  WallTime last_success_, last_failure_, failing_since_;
  bool refused_ = false;
  std::string why_;
  std::uint64_t delivered_ = 0;
  std::uint64_t given_up_ = 0;
};

}  // namespace larder::admin
