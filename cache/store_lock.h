// SPDX-License-Identifier: MIT
// StoreLock: one larderd per store. Held through an flock on the file `lock`; the kernel gives it back when the process
// ends, however it ends.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace larder::cache {

class StoreLock {
 public:
  // `refused` when another process (or another Store of this one) has it.
  static Result<StoreLock> take(const std::filesystem::path& directory);

  ~StoreLock();
  StoreLock(StoreLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }
  StoreLock& operator=(StoreLock&&) = delete;

 private:
  explicit StoreLock(int file) : file_(file) {}
  int file_;
};

}  // namespace larder::cache
