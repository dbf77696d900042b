// SPDX-License-Identifier: MIT
// Cursors of pages: the last row's sort key and four bytes that check it, in hexadecimal; stable whatever is recorded
// meanwhile. One that was changed on its way is refused. "" is "". Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::reports {

std::string encode_page_cursor(std::string_view key);
Result<std::string> decode_page_cursor(std::string_view cursor);  // invalid

}  // namespace larder::reports
