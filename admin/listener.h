// SPDX-License-Identifier: MIT
// Listener: one listening TCP socket on an event base. Made and destroyed on the base's thread or before it runs.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "config/network.h"
#include "proxy/event_thread.h"

namespace larder::admin {

class Listener {
 public:
  // `accepted` gets each new connection's descriptor, non-blocking and its own to close.
  static Result<std::unique_ptr<Listener>> open(event_base* base, const config::Endpoint& endpoint,
                                                std::function<void(int fd)> accepted);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // With the port the system chose, where 0 was asked for.
  const config::Endpoint& endpoint() const { return endpoint_; }

 private:
  Listener(event_base* base, int fd, config::Endpoint endpoint, std::function<void(int)> accepted);
  void accept_all();

  int fd_;
  config::Endpoint endpoint_;
  std::function<void(int)> accepted_;
  proxy::Event readable_;
  proxy::Timer again_;
};

}  // namespace larder::admin
