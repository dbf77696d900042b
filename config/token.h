// SPDX-License-Identifier: MIT
// The secret that opens the admin API when access.admin_token_file is set.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "base/result.h"

namespace larder::config {

inline constexpr std::size_t kTokenLeast = 16;   // characters: fewer can be guessed over a network
inline constexpr std::size_t kTokenMost = 1024;  // characters: more do not fit a request head comfortably

// The file's one line, without the line's end. Fails, saying what to do, when the file cannot be read, others than its
// owner and group may read it, or the token is too short, too long or not printable ASCII without spaces.
Result<std::string> read_admin_token(const std::filesystem::path& file);

}  // namespace larder::config
