// SPDX-License-Identifier: MIT
#include "admin/kept_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/sync_path.h"

namespace larder::admin {
namespace {

Error failure(const std::filesystem::path& file, int why) {
  return fail(ErrorKind::storage_broken, "writing " + file.string() + ": " + std::strerror(why));
}

// errno of the first that fails; 0 when the bytes are on the disk.
int write_whole(const std::filesystem::path& file, std::string_view bytes) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  int why = 0;
  while (why == 0 && !bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      why = errno;
    }
  }
  if (why == 0 && fsync(fd) != 0) why = errno;
  close(fd);
  return why;
}

}  // namespace

Status keep_file(const std::filesystem::path& file, std::string_view bytes) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  std::filesystem::path part = file;
  part += ".part";
  if (const int why = write_whole(part, bytes); why != 0) {
    std::filesystem::remove(part, error);
    return failure(file, why);
  }
  std::filesystem::rename(part, file, error);
  if (error) return failure(file, error.value());
  sync_path(file.parent_path());
  return ok();
}

std::optional<std::string> read_kept_file(const std::filesystem::path& file, std::size_t most) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return std::nullopt;
  std::string bytes(most + 1, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return in.bad() || bytes.size() > most ? std::nullopt : std::optional(std::move(bytes));
}

}  // namespace larder::admin
