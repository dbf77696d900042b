// SPDX-License-Identifier: MIT
// The page's files, built into the program from page/.
#pragma once

#include <string_view>

namespace larder::admin {

extern const std::string_view kPageHtml;
extern const std::string_view kPageStyle;
extern const std::string_view kPageScript;

}  // namespace larder::admin
