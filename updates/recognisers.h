// SPDX-License-Identifier: MIT
// What names alone say, vendor by vendor. `url` is canonical and on one of that vendor's hosts. Pure.
#pragma once

#include "updates/recognise.h"

namespace larder::updates {

// Also asks what the sucatalog product of the path is, which may be known though this file is not listed.
Recognition recognise_apple(const Url& url, const Knowledge& knowledge);
Recognition recognise_microsoft(const Url& url);
Recognition recognise_windows(const Url& url);

}  // namespace larder::updates
