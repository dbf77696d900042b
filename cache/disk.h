// SPDX-License-Identifier: MIT
// The seam to the disk: how much room it has, and whether a commit will succeed. Tests fill it and break it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace larder::cache {

// Used by the store thread only, once the store is open.
class Disk {
 public:
  virtual ~Disk() = default;
  Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // Bytes an unprivileged process may still write below `path`.
  virtual std::uint64_t free_bytes(const std::filesystem::path& path) = 0;

  // 0, or the errno (or MDB_ code) with which the commit of this environment is to fail.
  virtual int before_commit(std::string_view environment) = 0;
};

class SystemDisk final : public Disk {
 public:
  std::uint64_t free_bytes(const std::filesystem::path& path) override;
  int before_commit(std::string_view environment) override;
};

// Whether a file can be made, written, synced and removed below `path`. Waits for the disk.
bool can_be_written(const std::filesystem::path& path);

// The name of the network file system with this statfs magic; empty for a local one. LMDB's lock file and shared map
// work on local ones only. FUSE is let through: it may be local, and nothing tells.
std::string_view network_file_system(std::uint64_t magic);

// Fails with `refused` when `path` is on a network file system.
Status check_local(const std::filesystem::path& path);

}  // namespace larder::cache
