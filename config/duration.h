// SPDX-License-Identifier: MIT
// Spans of time as people write them: "90s", "24h", "7d", "1h30m". Whole seconds.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::config {

// Numbers with units d, h, m, s, largest first, each at most once; no spaces, signs or fractions. At most 100 years.
Result<std::chrono::seconds> parse_duration(std::string_view text);

// Text that parses to the same span: "1h30m", "24h", "7d"; "0s" for nothing.
std::string format_duration(std::chrono::seconds span);

}  // namespace larder::config
