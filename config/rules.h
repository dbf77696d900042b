// SPDX-License-Identifier: MIT
// What the keys must be to each other and to this machine, after each has been read by itself.
#pragma once

#include "config/config.h"
#include "config/document.h"
#include "config/problems.h"

namespace larder::config {

// Reads the files the configuration names; opens no socket and writes nothing.
void check_rules(const Config& config, const Document& document, Problems& problems);

}  // namespace larder::config
