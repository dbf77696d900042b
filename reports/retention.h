// SPDX-License-Identifier: MIT
// Retention: raw fetches leave after their time, hour by hour and in small steps; what was added up of them stays.
// Reports whose from or to falls inside an hour without raw fetches count that hour whole.
// Threads: `ledger` only.
#pragma once

#include <chrono>
#include <cstddef>

#include "base/clock.h"
#include "reports/environment.h"

namespace larder::reports {

// Raw fetches dropped with one commit: a few milliseconds of work.
inline constexpr std::size_t kRetentionStep = 4096;

// Drops the oldest raw fetches of hours that ended more than `retention` before `now`, at most kRetentionStep. Returns
// how many; kRetentionStep means there may be more. A retention of 0 keeps all.
std::size_t drop_old_fetches(WriteTxn& txn, WallTime now, std::chrono::seconds retention);

// Erases devices (reattribution.h) that have not been seen for `retention` (0: none is), at most kForgottenStep of
// them; how many. The books must forget what they remember when any was.
inline constexpr std::size_t kForgottenStep = 100;
std::size_t erase_unseen(WriteTxn& txn, WallTime now, std::chrono::seconds retention);

}  // namespace larder::reports
