// SPDX-License-Identifier: MIT
// Audit: who has changed what by the API, in a file that only grows: one JSON object a line, each with the SHA-256 of
// the line before it, so that a line which was edited, left out or put in shows. Written and synced by a thread of its
// own, `audit`, before the order's answer goes out. A full disk does not keep orders from being carried out: those that
// make room must work then; that they are not on record is a problem of the house.
// Bounds: kAuditBytes a file, kAuditFiles files; the oldest goes. docs/formats.md has the fields.
// Threads: any, but for open.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "admin/message.h"
#include "admin/routes.h"
#include "base/clock.h"
#include "base/result.h"

namespace larder::admin {

inline constexpr std::uint64_t kAuditBytes = 16 * 1024 * 1024;
inline constexpr unsigned kAuditFiles = 5;  // audit.jsonl, audit.1.jsonl (the one before) to audit.4.jsonl
// Refused attempts that a minute's record names one by one; the others are counted in the next that is.
inline constexpr unsigned kRefusedAMinute = 20;
inline constexpr std::size_t kRefusedWaiting = 256;  // while the disk does not answer

// One change, or an attempt at one, or that larderd has begun, read its configuration anew, or ended. Texts may hold
// anything; they are cut to 256 bytes each.
struct AuditEntry {
  std::uint64_t sequence = 0;  // given by the Audit, from 1 on
  WallTime time;               // of the answer
  std::string
      who;  // "admin_token", "no_token" (none is set: whoever is on this machine), "nobody" (refused), "larderd"
  std::string address;  // the client's; "" larderd itself
  std::string agent;    // the User-Agent it gave
  std::string what;     // "POST /api/v1/cache/pin", "reload", "start", "stop"
  std::string order;    // in short: the query and the body, as far as they may be kept
  int status = 0;       // of the answer; 0: none
  std::string problem;  // why it was not carried out; "" it was
  std::uint64_t milliseconds = 0;
  std::uint64_t refused_besides = 0;  // attempts since the entry before that were refused and are not named
};

// An order as it is recorded: what it asks for, without what must not be kept, and by whom.
AuditEntry entry_of(const Route& route, const Request& request, std::string who);
// With the answer: its status, and why the order was not carried out.
AuditEntry with_answer(AuditEntry entry, const Response& response);

struct AuditPage {
  std::vector<AuditEntry> entries;  // the newest first
  std::uint64_t next_before = 0;    // go on before this sequence; 0: at the end
};

struct AuditCheck {
  std::uint64_t entries = 0;
  std::uint64_t first = 0;                 // sequence of the oldest; 0: none
  std::optional<std::uint64_t> broken_at;  // sequence, or as many lines, of the first that does not follow
  std::string why;
};

class Audit {
 public:
  // Opens or begins `file`; a last line that a crash has torn is cut off. Never fails: what is wrong, problem() says.
  Audit(std::filesystem::path file, const Clock& clock);
  ~Audit();  // writes what was added
  Audit(const Audit&) = delete;
  Audit& operator=(const Audit&) = delete;

  // Sets sequence and time, writes, syncs, and calls `done` on the thread `audit`, written or not.
  void add(AuditEntry entry, std::function<void()> done);
  // What was refused before it was looked at: anybody can send as much of that as he likes, so of each minute only the
  // first kRefusedAMinute are named.
  void add_refused(AuditEntry entry);

  // `before` 0: from the newest. Reads files; at most `limit` entries with from <= time < to.
  AuditPage page(std::optional<WallTime> from, std::optional<WallTime> to, std::uint64_t before,
                 std::size_t limit) const;
  // Whether each line follows the one before it, the first is the first there ever was unless older files have gone,
  // and the last is the one that was written last since the start.
  AuditCheck check() const;
  std::string problem() const;  // "" when all is well

 private:
  struct Added {
    AuditEntry entry;
    bool refused = false;
    std::function<void()> done;
  };

  void run();
  void write(AuditEntry& entry);
  bool names_refusal();
  Status open_file();
  Status append(const std::string& line);
  Status rotate();
  std::vector<std::filesystem::path> files() const;  // the newest first

  const std::filesystem::path file_;
  const Clock& clock_;
  SteadyTime minute_{};  // the thread's, as is the following
  unsigned refused_ = 0;

  mutable std::mutex files_mutex_;  // held while files are written, renamed or read
  int fd_ = -1;                     // guarded by files_mutex_, as are the following
  std::uint64_t size_ = 0, sequence_ = 0;
  std::string before_;  // digest of the last line

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  // Guarded by mutex_, as are the following. Orders wait for their entry, so these are at most the server's
  // connections; refused attempts beyond kRefusedWaiting are counted only.
  std::deque<Added> waiting_;
  std::uint64_t unnamed_ = 0;
  bool stopping_ = false;
  std::string problem_;
  std::thread thread_;
};

}  // namespace larder::admin
