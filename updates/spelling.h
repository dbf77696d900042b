// SPDX-License-Identifier: MIT
// How the parts of a URL may be spelt without change of meaning (RFC 3986 6.2.2). Pure.
#pragma once

#include <string>
#include <string_view>

namespace larder::updates {

// Escapes of unreserved characters decoded, all others in upper case; "%2F" stays. A '%' that begins no escape becomes
// "%25", so that no escape can come into being.
std::string normal_escapes(std::string_view text);

// normal_escapes, then "." and ".." segments resolved; double slashes stay, they may mean something. Begins with '/'.
std::string normal_path(std::string_view path);

// One path segment with everything escaped that is not unreserved.
std::string escape_segment(std::string_view text);

// The last segment of a path, escapes decoded; as it stands when they are malformed.
std::string base_name(std::string_view path);

}  // namespace larder::updates
