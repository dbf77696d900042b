// SPDX-License-Identifier: MIT
// What kind of thing a URL is where it has no product, in the words of Apple's content caching. Pure.
#pragma once

#include <string>

#include "updates/canonical.h"

namespace larder::updates {

// "iOS Software", "Mac Software", "Apps", "Books", ...; "Other" for what fits nothing; "" for hosts that are not
// Apple's.
std::string asset_type(const Url& url);

// Whether text matches a pattern in which '*' stands for anything, '/' included. Letter case is ignored. Linear in text
// and pattern: pieces between stars are found from the left, the last one at the end.
bool matches_glob(std::string_view text, std::string_view pattern);

}  // namespace larder::updates
