// SPDX-License-Identifier: MIT
// Journal: fetch records on their way to the ledger's environment, in files beside it. What has been appended survives
// the daemon's own death at any point: it is in the kernel's hands, though not yet on the disk, which a busy disk may
// keep from us for seconds. The environment says which records it has; the rest are read back at the next start.
//
// A file `<first sequence, 20 digits>` in the journal's directory holds records one behind the other:
//   u32  length of the record
//   u64  XXH3 of the record, with its sequence as seed
//        the record (record_format.h)
// Numbers are big-endian. Sequences count up by one within a file; between files some may be missing. A file is read up
// to the first record that is cut short or fails its check: the last write of a daemon that was killed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "reports/ledger.h"
#include "reports/stored_bytes.h"

namespace larder::reports {

// Records with consecutive sequences.
struct Batch {
  std::uint64_t first_sequence = 0;
  std::vector<FetchRecord> fetches;
};

class Journal {
 public:
  // `next`: the environment has every record before it.
  Journal(std::filesystem::path directory, std::uint64_t next);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // What the files hold from `next` on, in order. Before the first append.
  std::vector<Batch> unposted();

  // Makes the file for the next records. On a busy disk that takes longer than writing them; append() does it when it
  // has to.
  Status begin();

  // On the thread `journal`. Gives the batches their sequences and writes them at once. When that fails (disk full)
  // they have their sequences all the same, and only the ledger's own commit can save them.
  Status append(std::span<Batch> batches);

  // When nothing more will be appended: lets posted() remove the last file, too.
  void close();

  // Any thread. Every record before `next` is in the environment: files that hold nothing else are removed.
  void posted(std::uint64_t next);

 private:
  std::vector<std::uint64_t> files() const;  // first sequences, ascending
  std::filesystem::path file(std::uint64_t first) const;
  Status begin_file(std::uint64_t first);
  Status write(std::string_view bytes, std::uint64_t first);
  Error failed(int code);
  void close_file(std::uint64_t behind);

  const std::filesystem::path directory_;
  std::uint64_t next_;  // sequence of the next record
  int fd_ = -1;
  std::uint64_t size_ = 0;  // of the open file
  StoredWriter record_, frames_;

  std::mutex mutex_;
  // Guarded. First sequence of a file -> first behind it, UINT64_MAX of the open one.
  std::map<std::uint64_t, std::uint64_t> ends_;
};

}  // namespace larder::reports
