// SPDX-License-Identifier: MIT
// The name by which devices reach Larder when nobody says otherwise.
#pragma once

#include <string>

#include "config/config.h"

namespace larder::admin {

// listen.name, else this machine's host name, lower case.
std::string own_name(const config::Config& config);

}  // namespace larder::admin
