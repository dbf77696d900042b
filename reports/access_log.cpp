// SPDX-License-Identifier: MIT
#include "reports/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/thread.h"

namespace larder::reports {
namespace {

using config::AccessLogFormat;

constexpr std::chrono::milliseconds kGather{200};  // a line waits so long for others, so that one write takes many
constexpr mode_t kMode = 0640;

// A journal that takes nothing is waited for this long once, then not until it takes something again.
constexpr std::chrono::milliseconds kJournalPatience{1000};

void lose(AccessLog::Output& output, std::uint64_t lines) {
  output.lost += lines;
  output.last_lost = SystemClock().now();
}

}  // namespace

bool wants_requests(const config::LogConfig& log) {
  return log.access != AccessLogFormat::none || log.journal_fetches;
}

AccessLog::AccessLog(const config::LogConfig& log, Whose whose, std::filesystem::path journal)
    : whose_(whose), journal_(std::move(journal)) {
  apply(log);
  thread_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  thread_.join();
  if (fd_ >= 0) ::close(fd_);
}

void AccessLog::apply(const config::LogConfig& log) {
  const std::lock_guard lock(mutex_);
  log_ = log;
  open_anew_ = true;
  on_ = wants_requests(log);
  wake_.notify_one();
}

void AccessLog::add(const std::vector<FetchRecord>& fetches) {
  if (!on_) return;
  const std::lock_guard lock(mutex_);
  const bool was_empty = waiting_.empty();
  std::uint64_t beyond = 0;
  for (const FetchRecord& fetch : fetches) {
    if (fetch.entrance == Entrance::own) continue;
    if (waiting_.size() < kAccessLines) {
      waiting_.push_back(fetch);
    } else {
      ++beyond;
    }
  }
  if (beyond > 0 && log_.access != AccessLogFormat::none) lose(state_.file, beyond);
  if (beyond > 0 && log_.journal_fetches) lose(state_.journal, beyond);
  if (was_empty && !waiting_.empty()) wake_.notify_one();
}

AccessLog::State AccessLog::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void AccessLog::run() {
  name_this_thread("access-log");
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || open_anew_ || !waiting_.empty(); });
    // What was added before a reload belongs to the file before it, if there was one.
    const bool anew = std::exchange(open_anew_, false);
    const config::LogConfig next = log_;
    std::vector<FetchRecord> fetches = std::exchange(waiting_, {});
    const bool stopping = stopping_;
    lock.unlock();
    const bool begins = anew && !wants_requests(in_use_);
    if (begins) use(next);
    write(fetches);
    if (anew && !begins) use(next);
    lock.lock();
    if (stopping && waiting_.empty()) return;
    if (!stopping) wake_.wait_for(lock, kGather, [this] { return stopping_ || open_anew_; });
  }
}

void AccessLog::use(const config::LogConfig& log) {
  in_use_ = log;
  open_file();
  if (!log.journal_fetches) told(state_.journal, 0, 0, "");
}

void AccessLog::open_file() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  torn_ = false;
  std::string problem;
  if (in_use_.access != AccessLogFormat::none) {
    fd_ = ::open(in_use_.access_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kMode);
    if (fd_ < 0) problem = "opening " + in_use_.access_file.string() + ": " + std::strerror(errno);
  }
  told(state_.file, 0, 0, problem);
}

void AccessLog::told(Output& output, std::uint64_t written, std::uint64_t lost, const std::string& problem) {
  const std::lock_guard lock(mutex_);
  output.written += written;
  if (lost > 0) lose(output, lost);
  output.problem = problem;
}

void AccessLog::write(const std::vector<FetchRecord>& fetches) {
  if (fetches.empty()) return;
  if (in_use_.access != AccessLogFormat::none) {
    std::string text;
    for (const FetchRecord& fetch : fetches) {
      text += in_use_.access == AccessLogFormat::json ? json_line(fetch, whose_) : combined_line(fetch, whose_);
    }
    write_file(text, fetches.size());
  }
  if (in_use_.journal_fetches) write_journal(fetches);
}

// All or nothing is not to be had of a disk that fills up: what was begun is ended with the next line's beginning.
void AccessLog::write_file(const std::string& text, std::size_t lines) {
  if (fd_ < 0) open_file();
  if (fd_ < 0) {
    told(state_.file, 0, lines, state().file.problem);
    return;
  }
  const std::string bytes = (torn_ ? "\n" : "") + text;
  const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
  const std::string why = written < 0 ? std::strerror(errno) : "no room";
  const bool whole = written == static_cast<ssize_t>(bytes.size());
  if (written > 0) torn_ = bytes[static_cast<std::size_t>(written) - 1] != '\n';
  const auto there = written <= 0 ? 0 : std::count(bytes.begin(), bytes.begin() + written, '\n');
  const std::size_t done = whole ? lines : std::min(lines, static_cast<std::size_t>(there));
  told(state_.file, done, lines - done, whole ? "" : "writing " + in_use_.access_file.string() + ": " + why);
}

// Once it takes none, the others of the batch are lost with it.
void AccessLog::write_journal(const std::vector<FetchRecord>& fetches) {
  std::chrono::milliseconds patience = journal_takes_ ? kJournalPatience : std::chrono::milliseconds(0);
  std::uint64_t sent = 0;
  std::string problem;
  for (const FetchRecord& fetch : fetches) {
    const Status status = journal_.send(journal_fields(fetch, whose_), patience);
    if (!status) problem = status.error().message;
    if (!status) break;
    ++sent;
  }
  journal_takes_ = problem.empty();
  told(state_.journal, sent, fetches.size() - sent, problem);
}

}  // namespace larder::reports
