// SPDX-License-Identifier: MIT
// The proxy auto-configuration script that sends a device's requests for named origins to Larder and everything else,
// and everything when Larder cannot be reached, straight to its server.
//
// The script is written in the third edition of ECMAScript, which every implementation of PAC understands, and calls
// none of PAC's own functions. Safari, Chromium and others give https URLs without path and query; it needs neither.
// Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "config/network.h"
#include "proxy/origin_table.h"

namespace larder::proxy {

// `larder`: where the device reaches Larder's plain listener; nothing: it has none, and the script says DIRECT only.
std::string pac_script(const OriginTable& origins, const std::optional<config::Endpoint>& larder);

}  // namespace larder::proxy
