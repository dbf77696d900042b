// SPDX-License-Identifier: MIT
// Bounds of what is done with origins that fail, as base/limits.h has them for the rest: reason and answer.
#pragma once

#include <chrono>
#include <cstddef>

namespace larder::limits {

// How long an origin's "not here" (404, 410, Microsoft's 400) is repeated without asking, where it does not say; and at
// most, whatever it says. A package is asked for the moment its catalogue names it, and CDN nodes lag by seconds.
inline constexpr std::chrono::seconds kNegativeLife{10};
inline constexpr std::chrono::seconds kNegativeMost{60};
// Such answers remembered, and the longest body of one. Over it: all are forgotten; it is not remembered.
inline constexpr std::size_t kNegativeAnswers = 2000;
inline constexpr std::size_t kNegativeBytes = 8 * 1024;
// An origin that could not be reached is left alone for so long at first, twice as long each time, and at most.
inline constexpr std::chrono::seconds kRestLeast{1};
inline constexpr std::chrono::seconds kRestMost{30};
// Retry-After of an origin is honoured up to this.
inline constexpr std::chrono::seconds kRetryAfterMost{60};
// Retries of first requests saved up for one origin. Five requests earn one. Over it: the failure is the answer.
inline constexpr double kRetriesSaved = 10;
// Origins whose health is watched. Over it: those that are well are forgotten.
inline constexpr std::size_t kOriginsWatched = 1000;
// Names of origins whose addresses are remembered. Some dozens are named; names below a named domain are chosen by who
// asks. Over it: all that are not being asked for are forgotten.
inline constexpr std::size_t kResolvedNames = 1000;

}  // namespace larder::limits
