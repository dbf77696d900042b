// SPDX-License-Identifier: MIT
// When to look for new releases of AutoUpdate. Of 335 first appearances of Office builds in 20 months 313 were on a
// Tuesday and 271 between 15:00 and 19:00 UTC, some of them an hour before they were noticed: then every 7.5 minutes,
// else hourly. Pure.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace larder::updates {

// How long after a look at `now` the next is due. `luck`: 0 to 1, by chance: a third more or less, so that sites do not
// ask together (5 to 10 minutes; 40 to 80). Never past the beginning of the busy hours by more than five minutes.
std::chrono::seconds mau_look_after(WallTime now, double luck);

// Tuesday, 15:00 to 19:00 UTC.
bool is_mau_release_time(WallTime now);

}  // namespace larder::updates
