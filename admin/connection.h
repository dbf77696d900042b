// SPDX-License-Identifier: MIT
// Connection: one client of the administration, over HTTP/1.1 with keep-alive. It reads one request, waits for its
// answer, sends that, and reads the next; what the client sends ahead waits in the buffer.
// Threads: belongs to the server's thread. Closing is told once through on_gone; the owner then destroys it later, not
// inside the call.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "admin/message.h"
#include "base/clock.h"
#include "proxy/event_thread.h"
#include "proxy/request_head.h"

namespace larder::admin {

class Connection {
 public:
  struct Events {
    std::function<void(Request)> on_request;
    // How many bytes of body a request may have, by its head; asked only when it is over kBodyBytes.
    std::function<std::size_t(const Request&)> most_body;
    // A request whose head was understood is refused before its body came whole, with this answer.
    std::function<void(Request, const Response&)> on_refused;
    std::function<void()> on_gone;
  };

  Connection(event_base* base, int fd, const Clock& clock, Events events);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Begins to read. Apart from the constructor, because it may tell on_gone.
  void begin();

  // The answer to the request given to on_request.
  void answer(const Response& response);

  // Answers the request given to on_request with a body that never ends: what is given to send_part, in that order. A
  // client that does not take its parts within 30 seconds, or lets more than kPartsWaiting gather, is closed.
  void stream(const Response& head);
  void send_part(std::string_view part);

  void close();

  bool idle() const { return state_ == State::head && in_.empty(); }
  SteadyTime idle_since() const { return state_since_; }

 private:
  enum class State { head, body, waiting, answering, streaming, lingering, closed };

  void enter(State state, std::chrono::seconds patience);
  void readable();
  void writable();
  void timed_out();
  void parse();
  bool parse_head();  // false when more bytes are needed, or none will do
  void parse_body();
  void hand_over();
  void refuse(int status, std::string_view detail);
  void write_out();
  void answered();

  const Clock& clock_;
  Events events_;
  int fd_;
  State state_ = State::head;
  SteadyTime state_since_;
  std::string in_;
  std::string out_;
  std::size_t out_sent_ = 0;
  proxy::HeadParser parser_;
  Request request_;
  std::size_t body_left_ = 0;
  bool parsing_ = false;
  bool keep_alive_ = true;
  bool head_only_ = false;
  proxy::Event read_;
  proxy::Event write_;
  proxy::Timer patience_;
};

}  // namespace larder::admin
