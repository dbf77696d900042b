// SPDX-License-Identifier: MIT
// Tunnel: a client's connection passed through to a named host, unread. By CONNECT (entrance "tunnel"), or by the
// server name of a TLS ClientHello (entrance "sni"). Bytes go from socket to socket inside the kernel (splice); what is
// known of them is how many they were. When one side ends, the other is told and may go on.
//
// Refused: hosts that are no origin, more tunnels than limits.tunnels. An origin that cannot be reached: 502 or 504 to
// CONNECT, a fatal alert to a TLS client. Cut off: nothing moved for limits.tunnel_idle, or limits.tunnel_life is over.
// Threads: belongs to one loop.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "proxy/client_hello.h"
#include "proxy/client_table.h"
#include "proxy/event_thread.h"
#include "proxy/pipe_pool.h"
#include "proxy/tunnel_desk.h"
#include "reports/ledger.h"

namespace larder::proxy {

class Loop;

// A CONNECT that may go on: what the connection leaves behind.
struct TunnelOrder {
  int fd = -1;
  ClientTable::Seat seat;
  std::string early;  // what the client has sent behind its request
  std::string host;
  std::uint16_t port = 0;
  reports::FetchRecord record;
};

class Tunnel {
 public:
  using Id = std::uint64_t;

  Tunnel(Loop& loop, Id id, TunnelOrder order);               // by CONNECT
  Tunnel(Loop& loop, Id id, int fd, ClientTable::Seat seat);  // by server name
  ~Tunnel();
  Tunnel(const Tunnel&) = delete;
  Tunnel& operator=(const Tunnel&) = delete;

  void begin();
  void check_time(SteadyTime now);  // once a second

 private:
  enum class State { greeting, dialling, flowing, refused, over };

  // One direction.
  struct Flow {
    int from = -1;
    int to = -1;
    Event* readable = nullptr;
    Event* writable = nullptr;
    std::string text;          // to be sent before what comes
    std::optional<Pipe> pipe;  // only while it holds bytes
    std::size_t held = 0;      // in the pipe
    std::uint64_t bytes = 0;   // that went through
    bool ended = false;        // nothing more comes
    bool shut = false;         // and the other side has been told
  };

  void make_events(int fd, Event& readable, Event& writable, Flow& reads, Flow& writes);
  void on_greeting();
  void greeted();
  void dial();
  void dialled(Result<std::shared_ptr<TunnelSocket>> socket, std::chrono::seconds rest);
  void flow();
  void pump(Flow& flow);
  bool send_on(Flow& flow);
  bool take_in(Flow& flow);
  void refuse(int status, const std::string& reason, std::chrono::seconds rest = std::chrono::seconds(0));
  void over(bool complete);

  Loop& loop_;
  const Id id_;
  const ClientTable::Seat seat_;
  int client_ = -1;
  int origin_ = -1;
  State state_;
  std::string host_;
  std::uint16_t port_ = 443;
  std::string greeting_;  // what of a ClientHello is here
  reports::FetchRecord record_;
  Flow up_;    // client to origin
  Flow down_;  // origin to client
  Event client_readable_, client_writable_, origin_readable_, origin_writable_;
  SteadyTime began_;
  SteadyTime moved_;  // when bytes did last
};

}  // namespace larder::proxy
