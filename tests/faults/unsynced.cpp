// SPDX-License-Identifier: MIT
#include "unsynced.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>

namespace larder::faults {

namespace {

constexpr std::uint64_t kPage = 4096;

// splitmix64
std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

}  // namespace

bool Unsynced::identify(int fd, Key& key, off_t& size) {
  struct stat status {};
  if (fstat(fd, &status) != 0) return false;
  key = {status.st_dev, status.st_ino};
  size = status.st_size;
  return true;
}

void Unsynced::will_write(int fd, const std::string& path, off_t offset, std::size_t length) {
  Key key;
  off_t size = 0;
  if (length == 0 || !identify(fd, key, size)) return;
  const auto [entry, is_new] = files_.try_emplace(key);
  File& file = entry->second;
  if (is_new) file.durable_bytes = size;
  file.path = path;
  const auto first = static_cast<std::uint64_t>(offset) / kPage;
  const auto last = (static_cast<std::uint64_t>(offset) + length - 1) / kPage;
  int reading = -1;
  for (std::uint64_t page = first; page <= last; ++page) {
    if (file.pages.contains(page)) continue;
    std::vector<char> before;
    if (static_cast<off_t>(page * kPage) < file.durable_bytes) {
      if (reading < 0) reading = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC, 0));
      before.resize(kPage);
      const long got = syscall(SYS_pread64, reading, before.data(), kPage, page * kPage);
      before.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    }
    file.pages.emplace(page, std::move(before));
  }
  if (reading >= 0) syscall(SYS_close, reading);
}

void Unsynced::synced(int fd) {
  Key key;
  off_t size = 0;
  if (!identify(fd, key, size)) return;
  const auto file = files_.find(key);
  if (file == files_.end()) return;
  file->second.pages.clear();
  file->second.durable_bytes = size;
}

void Unsynced::synced_range(int fd, off_t offset, std::size_t length) {
  Key key;
  off_t size = 0;
  if (length == 0 || !identify(fd, key, size)) return;
  const auto file = files_.find(key);
  if (file == files_.end()) return;
  const auto first = static_cast<std::uint64_t>(offset) / kPage;
  const auto last = (static_cast<std::uint64_t>(offset) + length - 1) / kPage;
  auto& pages = file->second.pages;
  pages.erase(pages.lower_bound(first), pages.upper_bound(last));
  file->second.durable_bytes = std::max(file->second.durable_bytes, offset + static_cast<off_t>(length));
}

void Unsynced::truncated(int fd) {
  Key key;
  off_t size = 0;
  if (!identify(fd, key, size)) return;
  const auto file = files_.find(key);
  if (file == files_.end()) return;
  file->second.durable_bytes = size;
  file->second.pages.erase(file->second.pages.lower_bound((static_cast<std::uint64_t>(size) + kPage - 1) / kPage),
                           file->second.pages.end());
}

void Unsynced::lose_of(const File& file, std::uint64_t& state) {
  const long fd = syscall(SYS_openat, AT_FDCWD, file.path.c_str(), O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return;  // removed meanwhile
  struct stat status {};
  fstat(static_cast<int>(fd), &status);
  off_t end = file.durable_bytes;
  for (const auto& [page, before] : file.pages) {
    const bool lost = (next_random(state) & 1U) != 0;
    const auto at = static_cast<off_t>(page * kPage);
    if (!lost) {
      end = std::max(end, std::min(status.st_size, at + static_cast<off_t>(kPage)));
      continue;
    }
    std::vector<char> put_back(before);
    put_back.resize(kPage, 0);
    const off_t length = std::min<off_t>(kPage, std::max<off_t>(status.st_size - at, 0));
    syscall(SYS_pwrite64, fd, put_back.data(), length, at);
  }
  syscall(SYS_ftruncate, fd, end);
  syscall(SYS_close, fd);
}

void Unsynced::lose(std::uint64_t seed) {
  std::uint64_t state = seed;
  for (const auto& [key, file] : files_) lose_of(file, state);
}

}  // namespace larder::faults
