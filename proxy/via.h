// SPDX-License-Identifier: MIT
// Via (RFC 9110 7.6.3): the entry that requests carry on, and by which a request is known that has come back. All
// Larders have one name, as a Larder may stand behind another; a comment with a number of this process tells them
// apart. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace larder::proxy {

// "1.1 larder (5f0c6b1e)". `protocol`: the version in which the request was received.
std::string via_entry(std::string_view protocol);

// Whether a Via list says that the message has passed through this process. An entry without a comment is taken for
// its own: somebody may have removed it, and a loop costs more than a refusal.
bool has_passed_here(std::string_view via);

}  // namespace larder::proxy
