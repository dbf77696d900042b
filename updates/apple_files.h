// SPDX-License-Identifier: MIT
// What readers of Apple's catalogues and of others' lists share. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "updates/published.h"

namespace larder::updates {

// The canonical key of an address that a list gives; nothing when it is none, or is not on one of Apple's hosts: a list
// may speak of Apple's files only.
std::optional<std::string> apple_key(std::string_view address);

// The sucatalog product that a canonical key belongs to; "" none.
std::string product_key_in(std::string_view key);

// Whom two mentions of one file are for together. A file that one of them calls full is full. Null with null is null.
AudiencePtr together(const AudiencePtr& a, const AudiencePtr& b);

}  // namespace larder::updates
