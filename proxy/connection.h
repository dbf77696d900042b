// SPDX-License-Identifier: MIT
// Connection: one client's socket. It reads heads and bodies, lets one Exchange at a time answer, and writes.
// Pipelined requests wait in its buffer; their order is the order of the answers.
// Threads: belongs to one loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "config/network.h"
#include "proxy/body_share.h"
#include "proxy/client_table.h"
#include "proxy/event_thread.h"
#include "proxy/request_body.h"
#include "proxy/request_head.h"
#include "proxy/tls_stream.h"
#include "reports/ledger.h"

struct iovec;

namespace larder::proxy {

class Exchange;
class Loop;

class Connection {
 public:
  // `tls`: null for a plain one.
  Connection(Loop& loop, int fd, ClientTable::Seat seat, std::unique_ptr<TlsStream> tls);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Loop& loop() { return loop_; }
  const config::Address& client() const { return seat_.address(); }
  Admission admission() const { return seat_.admission(); }
  bool secure() const { return tls_ != nullptr; }
  config::Endpoint local() const;  // the address and port the client has reached

  // ---- for the exchange ----
  enum class Sent { all, some, failed };
  // Writes as much as the socket takes and says how much. `more`: more follows at once.
  Sent send(iovec* parts, int count, bool more, std::size_t& sent);
  void when_writable();      // the exchange's on_writable() will be called
  void finished(bool keep);  // the answer is written; the next request may begin
  void cut();                // the answer cannot be finished: reset, so that it cannot be taken for whole
  bool closing() const { return closing_; }
  // The socket and what it has said go on as a tunnel; this connection ends.
  void become_tunnel(const std::string& host, std::uint16_t port, reports::FetchRecord record);
  // When bytes last came from the client or were taken by it.
  SteadyTime last_progress() const { return last_progress_; }

  // ---- for the loop ----
  std::uint64_t sent_bytes() const { return sent_bytes_; }
  bool waits_for_pace() const { return paced_ == Paced::waiting; }
  void pace_allows();  // or may: it tries

  // Once a second, to which all spans of time are exact. Ends what takes longer than [limits] allows.
  void check_time(SteadyTime now);
  std::size_t slot = 0;  // the loop's
  bool busy() const { return exchange_ != nullptr; }
  // No further request after the one now answered.
  void drain();

 private:
  enum class Reading {
    head,
    body,
    nothing,  // the last answer is being written
    linger    // it has been; what the client still sends is read away, since closing on unread bytes resets
  };

  void on_readable();
  void on_writable();
  void advance();    // as far as the bytes at hand go
  bool take_head();  // true: went on
  bool take_body();
  bool bodies_fit();
  void begin_exchange();
  void refuse(int status, const std::string& reason);
  enum class Paced { no, due, waiting };

  Sent send_paced(Pace& pace, iovec* parts, int count, bool more, std::size_t& sent);
  Sent write(iovec* parts, int count, bool more, std::size_t& sent);
  Sent write_tls(const iovec* parts, int count, std::size_t& sent);
  void on_readable_tls();
  bool flush_tls();
  void take_input(std::string_view bytes);
  void input_ended();
  void read_more(bool wanted);
  void slim();
  void check_asking(SteadyTime now);
  void check_taking(SteadyTime now);
  void running(bool now);
  void linger();
  void close();

  Loop& loop_;
  int fd_;  // -1: it has become a tunnel's
  ClientTable::Seat seat_;
  const std::unique_ptr<TlsStream> tls_;
  Event read_event_;
  Event write_event_;
  std::string in_;
  std::size_t in_begin_ = 0;
  Reading reading_ = Reading::head;
  HeadParser parser_;
  RequestHead head_;
  std::string body_;
  std::uint64_t body_left_ = 0;
  std::uint64_t body_most_ = 0;
  BodyShare body_share_;
  ChunkedBodyDecoder chunked_;
  std::unique_ptr<Exchange> exchange_;
  std::unique_ptr<Exchange> unfed_;  // waits for its request's body
  std::unique_ptr<Exchange> last_;   // has finished, and may still be on the stack
  SteadyTime last_progress_;
  // Set by check_time(), so that no request asks for the time on their account.
  SteadyTime quiet_since_;         // nothing was asked or answered
  SteadyTime asking_since_;        // the head or body now being read has begun; zero: it was not seen yet
  SteadyTime taking_since_;        // the client has begun to take the next kSendLeast bytes; zero: it need not
  std::uint64_t taken_bytes_ = 0;  // that it had taken then
  std::uint64_t sent_bytes_ = 0;   // given to the kernel
  bool stirred_ = true;            // since the last check
  bool counted_ = false;           // among the requests running
  bool slim_ = false;              // holds no memory it can have anew
  Paced paced_ = Paced::no;        // its client has had its share for now
  bool input_ended_ = false;       // the client has shut its side; what it asked is still answered
  bool reading_on_ = true;
  bool advancing_ = false;
  bool closing_ = false;
  bool draining_ = false;
};

}  // namespace larder::proxy
