// SPDX-License-Identifier: MIT
// Dictionaries of structured fields (RFC 8941 3.2), as far as Larder reads them: keys with one item each; and whether
// a list is one. Parameters are checked and dropped; inner lists and byte sequences are checked and said to be `other`.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::cache {

struct DictionaryMember {
  enum class Kind { yes, no, integer, token, string, other };
  std::string key;
  Kind kind = Kind::yes;
  std::string value;  // of integer (digits, with its sign), token and string
};

// Members in their order, the last of equal keys at the place of the first. Nothing when any part is malformed: such a
// field counts as not there.
std::optional<std::vector<DictionaryMember>> parse_dictionary(std::string_view text);

// Whether this is a list (RFC 8941 3.1) of one member at least.
bool is_list(std::string_view text);

}  // namespace larder::cache
