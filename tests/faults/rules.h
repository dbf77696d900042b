// SPDX-License-Identifier: MIT
// What the file layer of the tests is told to do. The control file named by LARDER_FAULTS has one rule a line and is
// read again at every call, so that a test changes the disk under a running daemon by writing the file anew:
//
//   under PATH                  the rules are for files under this directory; the first line
//   fail write ENOSPC [PART]    writes fail with this errno; PART: only in files whose path contains it
//   short write ENOSPC [PART]   half of a write lands, the next one fails: how a disk fills up
//   fail sync EIO [PART]        fsync, fdatasync, and writes that are synced by themselves, fail
//   fail head EIO [PART]        writes that are synced by themselves fail: in LMDB the page that makes a commit count
//   fail open EROFS [PART]      what opens for writing, makes, renames or removes a file fails
//   unreadable PART FIRST COUNT these pages of PART/data.mdb cannot be read: whoever touches them in the map gets
//   SIGBUS slow sync MILLISECONDS      every sync takes so long cut SYNC SEED               the power fails within the
//   SYNC-th sync: of what was not yet synced, each page of 4 KiB
//                               is lost or not as the seed says; then the process is killed
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace larder::faults {

enum class Act { write, sync, head, open };
enum class Way { fail, half };

struct Rule {
  Act act = Act::write;
  Way way = Way::fail;
  int code = 0;
  std::string part;  // "" every file
};

struct BadPages {
  std::string part;
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::string text;  // the rule's
};

struct Cut {
  std::uint64_t sync = 0;  // counted from 1
  std::uint64_t seed = 0;
};

struct Rules {
  std::string under;  // "" none: nothing is touched
  std::vector<Rule> list;
  unsigned slow_sync_ms = 0;
  std::optional<Cut> cut;
  std::optional<BadPages> bad;

  // The rule for this act on this file, null for none.
  const Rule* find(Act act, const std::string& path) const;
  bool watches(const std::string& path) const { return !under.empty() && path.starts_with(under); }
};

// As the control file says now. Reads it with system calls of its own, so that the layer never sees itself.
Rules current_rules();

}  // namespace larder::faults
