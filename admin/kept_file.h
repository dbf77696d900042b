// SPDX-License-Identifier: MIT
// Small files that are there whole or not at all, whenever the power goes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::admin {

// In place of what was there. Makes the directory. Waits for the disk.
Status keep_file(const std::filesystem::path& file, std::string_view bytes);

// Nothing when there is none that can be read, or it is longer than `most`.
std::optional<std::string> read_kept_file(const std::filesystem::path& file, std::size_t most);

}  // namespace larder::admin
