// SPDX-License-Identifier: MIT
// AccessLog: a line for each request, in a file that other programs read: in the combined form of Apache and nginx, or
// as JSON; and an entry of the system's journal for each, with fields of its own. Written by a thread of its own,
// `access-log`, within a second; nobody waits for it. What it cannot take (kAccessLines wait already) or write (a full
// disk, a journal that does not read) is left out and counted, and it goes on by itself.
// What it says is what the ledger is told, before that knows whose an address is. Under pseudonyms no line says whose
// it was (access_lines.h). Threads: any, but for the constructor.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "reports/access_lines.h"
#include "reports/fetch_record.h"
#include "reports/system_journal.h"

namespace larder::reports {

inline constexpr std::size_t kAccessLines = 65536;

// Whether anybody wants to be told of requests. What only lines say of them need not be kept otherwise.
bool wants_requests(const config::LogConfig& log);

class AccessLog {
 public:
  AccessLog(const config::LogConfig& log, Whose whose, std::filesystem::path journal = kSystemJournal);
  ~AccessLog();  // writes what was added
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Larder's own fetches are no requests, and left out.
  void add(const std::vector<FetchRecord>& fetches);
  // After a reload: opens the file anew, so that one that was renamed goes on under its name.
  void apply(const config::LogConfig& log);

  struct Output {
    std::uint64_t written = 0, lost = 0;  // lines or entries, since the start
    WallTime last_lost;                   // the epoch: none was
    std::string problem;                  // "" when all is well
  };
  struct State {
    Output file, journal;
  };
  State state() const;

 private:
  void run();
  void write(const std::vector<FetchRecord>& fetches);
  void write_file(const std::string& text, std::size_t lines);
  void write_journal(const std::vector<FetchRecord>& fetches);
  void use(const config::LogConfig& log);
  void open_file();
  void told(Output& output, std::uint64_t written, std::uint64_t lost, const std::string& problem);

  const Whose whose_;
  std::atomic<bool> on_{false};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<FetchRecord> waiting_;  // guarded by mutex_, as are the following
  config::LogConfig log_;
  bool open_anew_ = true;
  bool stopping_ = false;
  State state_;
  int fd_ = -1;        // the thread's, as are the following
  bool torn_ = false;  // the last line was not written whole
  config::LogConfig in_use_;
  SystemJournal journal_;
  bool journal_takes_ = true;  // it did the last time; else it is not waited for
  std::thread thread_;
};

}  // namespace larder::reports
