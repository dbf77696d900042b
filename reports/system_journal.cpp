// SPDX-License-Identifier: MIT
#include "reports/system_journal.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace larder::reports {
namespace {

// A value with a line's end in it goes behind its length, least byte first.
void append_field(std::string& datagram, const std::string& field) {
  const auto equals = field.find('=');
  if (field.find('\n') == std::string::npos || equals == std::string::npos) {
    datagram += field + "\n";
    return;
  }
  const std::string value = field.substr(equals + 1);
  datagram += field.substr(0, equals) + "\n";
  for (unsigned shift = 0; shift < 64; shift += 8) datagram += static_cast<char>(value.size() >> shift & 0xFFU);
  datagram += value + "\n";
}

Error failed(const std::filesystem::path& socket, int code) {
  return fail(ErrorKind::storage_broken, "writing to the journal at " + socket.string() + ": " + std::strerror(code));
}

}  // namespace

SystemJournal::~SystemJournal() {
  disconnect();
}

void SystemJournal::disconnect() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Status SystemJournal::connect() {
  if (fd_ >= 0) return ok();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = socket_.string();
  if (path.size() >= sizeof address.sun_path) return failed(socket_, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ >= 0 && ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return ok();
  const int code = errno;
  disconnect();
  return failed(socket_, code);
}

bool SystemJournal::wait_for_room(std::chrono::milliseconds& patience) const {
  const auto began = std::chrono::steady_clock::now();
  pollfd room{fd_, POLLOUT, 0};
  const int ready = ::poll(&room, 1, static_cast<int>(patience.count()));
  const auto waited = std::chrono::steady_clock::now() - began;
  patience -= std::min(patience, std::chrono::ceil<std::chrono::milliseconds>(waited));
  return ready > 0;
}

// A journal that was started anew has another socket under the same name.
Status SystemJournal::send(const std::vector<std::string>& fields, std::chrono::milliseconds& patience) {
  datagram_.clear();
  for (const std::string& field : fields) append_field(datagram_, field);
  bool anew = fd_ < 0;
  for (;;) {
    if (auto connected = connect(); !connected) return connected;
    if (::send(fd_, datagram_.data(), datagram_.size(), MSG_NOSIGNAL) >= 0) return ok();
    const int code = errno;
    if (code == EINTR) continue;
    if (code == EAGAIN && patience.count() > 0 && wait_for_room(patience)) continue;
    if (code == EAGAIN) return fail(ErrorKind::busy, "the journal at " + socket_.string() + " takes no entries");
    disconnect();
    if (anew || code == EMSGSIZE) return failed(socket_, code);
    anew = true;
  }
}

}  // namespace larder::reports
