// SPDX-License-Identifier: MIT
#include "base/sync_path.h"

#include <fcntl.h>
#include <unistd.h>

namespace larder {

void sync_path(const std::filesystem::path& file_or_directory) {
  const int fd = open(file_or_directory.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  fsync(fd);
  close(fd);
}

}  // namespace larder
