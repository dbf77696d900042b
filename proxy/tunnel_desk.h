// SPDX-License-Identifier: MIT
// TunnelDesk: opens the far ends of tunnels. It goes by the same ways as every transfer: named origins only, addresses
// that OriginGuard allows, connect_to, the upstream proxy's CONNECT; TLS is the client's own business.
// Threads: belongs to `origin`; results are posted to the loop that asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "proxy/event_thread.h"
#include "proxy/origin_client.h"

namespace larder::proxy {

// A connected socket on its way to who asked; closes itself when nobody takes it.
class TunnelSocket {
 public:
  explicit TunnelSocket(int fd) : fd_(fd) {}
  TunnelSocket(const TunnelSocket&) = delete;
  TunnelSocket& operator=(const TunnelSocket&) = delete;
  ~TunnelSocket();
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

class TunnelDesk {
 public:
  using Id = std::uint64_t;
  // The socket, or why there is none and for how long the host is left alone yet (0: it is not).
  using Done = std::function<void(Result<std::shared_ptr<TunnelSocket>>, std::chrono::seconds)>;

  TunnelDesk(EventThread& thread, OriginClient& client);
  ~TunnelDesk();
  TunnelDesk(const TunnelDesk&) = delete;
  TunnelDesk& operator=(const TunnelDesk&) = delete;

  // `done` runs once on `loop`.
  void dial(const std::string& host, std::uint16_t port, EventThread& loop, Done done);
  void stop();

 private:
  class Dial;
  EventThread& thread_;
  OriginClient& client_;
  std::unordered_map<Id, std::unique_ptr<Dial>> dials_;
  Id next_ = 1;
};

}  // namespace larder::proxy
