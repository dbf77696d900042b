// SPDX-License-Identifier: MIT
// The two halves of the table of keys, and what both need to fill theirs in. For the sources of that table alone.
#pragma once

#include <span>
#include <utility>

#include "config/config.h"
#include "config/keys.h"
#include "config/problems.h"

namespace larder::config {

std::span<const Key> client_keys();   // [listen] to [locator]
std::span<const Key> content_keys();  // [updates] to [webhooks]

// A member takes a value that could be read; what could not has said why already.
template <class Member, class Read>
void put(Member& member, Read&& value) {
  if (value) member = *std::forward<Read>(value);
}

}  // namespace larder::config
