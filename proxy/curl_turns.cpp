// SPDX-License-Identifier: MIT
// When an origin's socket is read: at once, or in its turn when the line has a rate; and how long an origin may be
// silent that is listened to.
#include <sys/socket.h>

#include <algorithm>

#include "proxy/curl_driver.h"

namespace larder::proxy {

// A small window on a slow line: what the kernel takes in unread has had the line already.
int CurlDriver::on_new_socket(void* self, curl_socket_t fd, curlsocktype) noexcept {
  const int bytes = static_cast<int>(static_cast<CurlDriver*>(self)->site_.line.kernel_bytes());
  if (bytes > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  return CURL_SOCKOPT_OK;
}

// Bytes of a body wait for their turn when the line has a rate. Everything before them, handshakes and heads, does not.
void CurlDriver::readable(curl_socket_t fd, int bits) {
  const auto found = sockets_.find(fd);
  if (!site_.line.limited() || held_ || found == sockets_.end()) {
    drive(fd, bits);
    return;
  }
  Socket& socket = found->second;
  const auto running = running_.find(socket.easy);
  if (running == running_.end() || !running->second->head_given || !running->second->spec.flow) {
    drive(fd, bits);
    return;
  }
  socket.waiting |= bits;
  event_del(socket.event.get());
  if (!socket.turn) socket.turn = std::make_unique<LineShare::Turn>(site_.line, [this, fd] { take_turn(fd); });
  socket.turn->wait(running->second->spec.flow);
}

void CurlDriver::take_turn(curl_socket_t fd) {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return;
  const int bits = std::exchange(found->second.waiting, 0);
  event_add(found->second.event.get(), nullptr);
  drive(fd, bits);
}

// A transfer that has filled its buffer many times asks curl for more by a timer, past the socket. So on a line with a
// rate curl's timers wait for their turn too, as a flow that has had what all transfers of this driver have.
void CurlDriver::on_timeout() {
  const bool receiving =
      std::any_of(running_.begin(), running_.end(), [](const auto& entry) { return entry.second->head_given; });
  if (site_.line.limited() && receiving) {
    timers_turn_.wait(own_flow_);
  } else {
    drive(CURL_SOCKET_TIMEOUT, 0);
  }
}

// curl's own measure of silence would count the time a transfer waits for the line, the store or its client as the
// origin's, and reads out of turn to take it.
void CurlDriver::check_silence() {
  constexpr auto kEach = std::chrono::milliseconds(500);
  const SteadyTime now = site_.line.now();
  for (const auto& [fd, socket] : sockets_) {
    const auto running = running_.find(socket.easy);
    if (running != running_.end() && socket.turn && socket.turn->waiting()) running->second->heard = now;
  }
  const std::chrono::seconds allowed = site_.config.fills.stall;
  std::vector<CURL*> silent;
  for (const auto& [easy, running] : running_) {
    if (held_ || running->held) running->heard = now;
    if (!running->asked || now - running->heard <= allowed) continue;
    running->refusal = "it has sent nothing for " + std::to_string(allowed.count()) + " s";
    silent.push_back(easy);
  }
  for (CURL* easy : silent) finish(easy, CURLE_OPERATION_TIMEDOUT);
  if (!silent.empty()) maintain();
  silence_.after(kEach);
}

}  // namespace larder::proxy
