// SPDX-License-Identifier: MIT
// AccessLog: a line for each request, in a file that other programs read: in the combined form of Apache and nginx, or
// as JSON; and an entry of the system's journal for each, with fields of its own. Written by a thread of its own,
// `access-log`, within a second; nobody waits for it. What it cannot take (kAccessLines wait already) or write (a full
// disk) is left out and counted, and it goes on by itself.
// What it says is what the ledger is told, before that knows whose an address is. URLs stand without their query, which
// may hold secrets. Under pseudonyms neither address nor token is said.
// Threads: any, but for the constructor.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "reports/fetch_record.h"

namespace larder::reports {

inline constexpr std::size_t kAccessLines = 65536;

// Whether whose a request was may be said.
enum class Whose { told, hidden };

// With its end. Bytes that are not printable ASCII, quotes and backslashes are written as \xHH (combined) or as JSON
// escapes, so that no request can forge a line.
std::string combined_line(const FetchRecord& fetch, Whose whose);
std::string json_line(const FetchRecord& fetch, Whose whose);
// "MESSAGE=...", "LARDER_URL=...": as sd_journal_send takes them.
std::vector<std::string> journal_fields(const FetchRecord& fetch, Whose whose);

class AccessLog {
 public:
  AccessLog(const config::LogConfig& log, Whose whose);
  ~AccessLog();  // writes what was added
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Larder's own fetches are no requests, and left out.
  void add(const std::vector<FetchRecord>& fetches);
  // After a reload: opens the file anew, so that one that was renamed goes on under its name.
  void apply(const config::LogConfig& log);

  struct State {
    std::uint64_t written = 0, dropped = 0;  // lines, since the start
    std::string problem;                     // "" when all is well
  };
  State state() const;

 private:
  void run();
  void write(const std::vector<FetchRecord>& fetches);
  void write_file(const std::string& text, std::size_t lines);
  void use(const config::LogConfig& log);
  void open_file();
  void failed(const std::string& why);

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
  std::thread thread_;
};

}  // namespace larder::reports
