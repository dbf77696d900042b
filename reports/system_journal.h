// SPDX-License-Identifier: MIT
// SystemJournal: entries with fields for the machine's journal, as journald takes them
// (systemd.io/JOURNAL_NATIVE_PROTOCOL): a datagram each. Not by sd_journal_send(), which waits for as long as journald
// does not read, and hands what is large over in a way that the filter of kernel calls forbids (memfd). Here a journal
// that does not read costs entries. Threads: one.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace larder::reports {

inline constexpr const char* kSystemJournal = "/run/systemd/journal/socket";

class SystemJournal {
 public:
  explicit SystemJournal(std::filesystem::path socket) : socket_(std::move(socket)) {}
  ~SystemJournal();
  SystemJournal(const SystemJournal&) = delete;
  SystemJournal& operator=(const SystemJournal&) = delete;

  // Sends "NAME=value" fields as one entry. A journal that takes nothing is waited for as long as `patience` says, from
  // which the time that went is taken. Fails when there is none, or it takes this one not: the entry is lost.
  Status send(const std::vector<std::string>& fields, std::chrono::milliseconds& patience);

 private:
  Status connect();
  void disconnect();
  bool wait_for_room(std::chrono::milliseconds& patience) const;

  std::filesystem::path socket_;
  int fd_ = -1;
  std::string datagram_;
};

}  // namespace larder::reports
