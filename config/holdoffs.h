// SPDX-License-Identifier: MIT
// The texts of updates.holdoffs: "OPIM2019 6h", "MSWD2019 Preview 0s".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/read_value.h"

namespace larder::config {

// Application ids are taken with or without the 0409 in front, in any letter case.
std::optional<std::vector<Holdoff>> read_holdoffs(const Value& value, KeyProblems& problems);
std::string holdoff_text(const Holdoff& holdoff);

}  // namespace larder::config
