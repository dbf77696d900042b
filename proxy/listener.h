// SPDX-License-Identifier: MIT
// Listener: one listening socket of one loop. The kernel spreads connections over the loops (SO_REUSEPORT).
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "config/network.h"
#include "proxy/event_thread.h"

namespace larder::proxy {

class Listener {
 public:
  // Given each accepted, non-blocking socket.
  using Accepted = std::function<void(int fd, const config::Address& client)>;

  static Result<std::unique_ptr<Listener>> open(event_base* base, const config::Endpoint& endpoint, Accepted accepted);
  // SO_REUSEPORT would let two daemons share a port in silence; this says whether anybody has it.
  static Status check_free(const config::Endpoint& endpoint);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  Listener(event_base* base, int fd, Accepted accepted);
  void accept_some();

  int fd_;
  Accepted accepted_;
  Event ready_;
  Timer rest_;  // after the process ran out of descriptors
};

}  // namespace larder::proxy
