// SPDX-License-Identifier: MIT
#include "cache/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace larder::cache {

Result<StoreLock> StoreLock::take(const std::filesystem::path& directory) {
  const std::string path = (directory / "lock").string();
  constexpr int kMode = 0640;
  int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kMode);
  if (file < 0 && errno == EROFS) file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  StoreLock lock(file);
  if (lock.file_ < 0) {
    return fail(ErrorKind::refused, "creating " + path + ": " + std::system_category().message(errno));
  }
  if (flock(lock.file_, LOCK_EX | LOCK_NB) != 0) {
    return fail(ErrorKind::refused, directory.string() + " is in use by another larderd: stop it, or set storage.path");
  }
  return lock;
}

StoreLock::~StoreLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace larder::cache
