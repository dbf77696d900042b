// SPDX-License-Identifier: MIT
// Times as people and others' documents write them, or leave them out.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.h"

namespace larder {

// "2026-08-17T15:04:05Z", with a fraction of a second or an offset ("+02:00") if need be, or "2026-08-17" for its
// midnight UTC. In place of the '+' a space will do: that is what it becomes in a query.
std::optional<WallTime> parse_time(std::string_view text);

// Of two times of which the epoch is none.
WallTime earlier(WallTime a, WallTime b);

}  // namespace larder
