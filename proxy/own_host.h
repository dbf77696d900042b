// SPDX-License-Identifier: MIT
// Whether a host in a URL is this Larder: asked through itself as a proxy, it answers for nobody else.
// Any thread; reads this machine's interfaces.
#pragma once

#include <string_view>

#include "config/config.h"

namespace larder::proxy {

// `host` lower case, without brackets. `reached`: the address the client has connected to. Larder's are listen.name,
// the machine's host name, localhost, the servers of [locator] and every address of the machine.
bool is_own_host(std::string_view host, const config::Config& config, const config::Endpoint& reached);

}  // namespace larder::proxy
