// SPDX-License-Identifier: MIT
// Making a file, or the names in a directory, durable: a file that was synced is still lost with a power cut when its
// name was not.
#pragma once

#include <filesystem>

namespace larder {

// Waits for the disk. A disk that fails here fails at the next commit as well, which says so.
void sync_path(const std::filesystem::path& file_or_directory);

}  // namespace larder
