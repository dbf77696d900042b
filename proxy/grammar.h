// SPDX-License-Identifier: MIT
// The characters that HTTP builds its names and values of (RFC 9110 5.5, 5.6.2). Pure.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/text.h"

namespace larder::proxy {

inline bool is_token_char(char c) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || kSigns.find(c) != std::string_view::npos;
}

inline bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

// What may stand in no line of a message. Tab may.
inline bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

}  // namespace larder::proxy
