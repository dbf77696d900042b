// SPDX-License-Identifier: MIT
#include "cache/disk.h"

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>
#include <string>
#include <system_error>

namespace larder::cache {

namespace {

struct FileSystem {
  std::uint32_t magic;
  std::string_view name;
};

// linux/magic.h and statfs(2); some are in no header.
constexpr std::array kNetworkFileSystems = {
    FileSystem{0x6969, "NFS"},        FileSystem{0x517B, "SMB"},      FileSystem{0xFF534D42, "CIFS"},
    FileSystem{0xFE534D42, "SMB2"},   FileSystem{0x01021997, "9P"},   FileSystem{0x5346414F, "AFS"},
    FileSystem{0x6B414653, "AFS"},    FileSystem{0x00C36400, "Ceph"}, FileSystem{0x01161970, "GFS2"},
    FileSystem{0x73757245, "Coda"},   FileSystem{0x564C, "NCP"},      FileSystem{0x7461636F, "OCFS2"},
    FileSystem{0x0BD00BD0, "Lustre"}, FileSystem{0x47504653, "GPFS"},
};

}  // namespace

std::uint64_t SystemDisk::free_bytes(const std::filesystem::path& path) {
  struct statvfs status {};
  // A disk that cannot be asked is not thought full: the write itself will tell.
  if (statvfs(path.c_str(), &status) != 0) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

int SystemDisk::before_commit(std::string_view /*environment*/) {
  return 0;
}

bool can_be_written(const std::filesystem::path& path) {
  const std::string file = (path / "probe").string();
  constexpr int kMode = 0640;
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_DSYNC | O_CLOEXEC, kMode);
  if (fd < 0) return false;
  const bool written = ::write(fd, "?", 1) == 1;
  ::close(fd);
  return ::unlink(file.c_str()) == 0 && written;
}

std::string_view network_file_system(std::uint64_t magic) {
  for (const FileSystem& known : kNetworkFileSystems) {
    if (known.magic == (magic & 0xFFFFFFFFU)) return known.name;
  }
  return {};
}

Status check_local(const std::filesystem::path& path) {
  struct statfs status {};
  if (statfs(path.c_str(), &status) != 0) {
    return fail(ErrorKind::refused,
                "asking for the file system of " + path.string() + ": " + std::system_category().message(errno));
  }
  const std::string_view name = network_file_system(static_cast<std::uint64_t>(status.f_type));
  if (name.empty()) return ok();
  return fail(ErrorKind::refused, path.string() + " is on a network file system (" + std::string(name) +
                                      "), where the store cannot be kept safely: set storage.path to a local disk");
}

}  // namespace larder::cache
