// SPDX-License-Identifier: MIT
// What a webhook is sent of an event, and how it is signed. Names in it come from catalogues and origins: whatever they
// are, they stay text. In Slack's message they stand in plain_text alone, and in the notification <, > and & are
// escaped; in Teams' card they stand in TextRuns, which know no markup, and no entity makes a mention of them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/event.h"

namespace larder::admin {

// `format`: "json", "slack" or "teams".
std::string hook_body(const Event& event, std::string_view format);

// "t=<unix>,v1=<HMAC-SHA256 of "<t>.<body>" in hex>".
std::string hook_signature(std::string_view secret, std::int64_t unix_seconds, std::string_view body);

}  // namespace larder::admin
