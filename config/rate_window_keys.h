// SPDX-License-Identifier: MIT
// The keys of [[rates.window]], read and shown; the table in keys.cpp names them. Shown are the values of all windows.
#pragma once

#include <string>

#include "config/config.h"
#include "config/document.h"
#include "config/read_value.h"

namespace larder::config {

void set_window_hours(RateWindow& window, const Value& value, KeyProblems& problems);
void set_window_days(RateWindow& window, const Value& value, KeyProblems& problems);
void set_window_client(RateWindow& window, const Value& value, KeyProblems& problems);
void set_window_line(RateWindow& window, const Value& value, KeyProblems& problems);

std::string show_window_hours(const Config& config);
std::string show_window_days(const Config& config);
std::string show_window_clients(const Config& config);
std::string show_window_lines(const Config& config);

}  // namespace larder::config
