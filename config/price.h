// SPDX-License-Identifier: MIT
// The text of reports.price_per_gb: "0.05 EUR"; "" for none.
#pragma once

#include <optional>
#include <string>

#include "config/config.h"
#include "config/read_value.h"

namespace larder::config {

// `known` with the price in it: from 0.000001 to 1,000,000 of a currency, which is 1 to 8 letters or signs.
std::optional<ReportsConfig> read_price(const Value& value, ReportsConfig known, KeyProblems& problems);
std::string price_text(const ReportsConfig& reports);

}  // namespace larder::config
