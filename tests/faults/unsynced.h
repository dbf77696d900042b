// SPDX-License-Identifier: MIT
// What a disk would forget if the power failed now: of each file, the pages written since its last sync, as they were
// before. It sees what the process writes and nothing below: how a drive orders or tears what it was given is not
// modelled, but that any page of an unsynced write may have landed or not is. Lengths set by ftruncate, and files made,
// renamed or removed, count as durable at once.
// Threads: the caller locks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace larder::faults {

class Unsynced {
 public:
  // Before these bytes are written.
  void will_write(int fd, const std::string& path, off_t offset, std::size_t length);
  // After a sync of the whole file, or of one range of it.
  void synced(int fd);
  void synced_range(int fd, off_t offset, std::size_t length);
  void truncated(int fd);

  // Puts back a choice of what is not synced, page by page.
  void lose(std::uint64_t seed);

 private:
  using Key = std::pair<dev_t, ino_t>;
  struct File {
    std::string path;
    off_t durable_bytes = 0;                           // its length at the last sync
    std::map<std::uint64_t, std::vector<char>> pages;  // page number -> what was there; empty: beyond the end
  };
  static bool identify(int fd, Key& key, off_t& size);
  static void lose_of(const File& file, std::uint64_t& state);
  std::map<Key, File> files_;
};

}  // namespace larder::faults
