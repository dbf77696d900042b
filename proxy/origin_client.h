// SPDX-License-Identifier: MIT
// OriginClient: HTTP requests to origins, by libcurl, on the `origin` thread. It knows nothing of objects or clients.
//
// A transfer runs either on the shared driver (connections kept and shared, HTTP/2 multiplexed: fills) or on a driver
// of its own (passes). Back-pressure is to leave the sockets of a driver unread: hold() stops driving curl altogether,
// so nothing is received beyond what the kernel buffers, and release() goes on. libcurl's own pause is used for the one
// case in which a transfer on the shared driver has to wait alone (Transfer::hold, relay.h).
//
// When the line has a rate (line_share.h), the bytes of bodies wait for their turn in the same way: unread.
//
// Threads: everything here belongs to the `origin` thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "proxy/event_thread.h"
#include "proxy/line_share.h"
#include "proxy/origin_guard.h"
#include "proxy/origin_health.h"
#include "proxy/origin_resolver.h"
#include "proxy/origin_table.h"
#include "proxy/response_head.h"
#include "updates/canonical.h"

namespace larder::proxy {

class CurlDriver;

enum class Redirects {
  follow,  // to named origins, five at most; any other is the answer
  relay,   // each is the answer
};

// How a request stands to the health of its origin.
enum class Asking {
  anew,     // held back while the origin is left alone (origin_health.h)
  resumed,  // goes on in the middle of an answer that clients wait for: never held back
};

struct TransferSpec {
  std::string method = "GET";
  Redirects redirects = Redirects::follow;
  updates::Url url;
  std::vector<std::string> fields;  // "Name: value"
  std::string body;                 // sent with methods that have one
  LineShare::FlowPtr flow;          // what it shares the line as
  // prompt: a manifest or catalogue, which never waits for a package's connection
  enum class Urgency { bulk, prompt } urgency = Urgency::bulk;
  bool connect_only = false;  // a tunnel's far end: no request is made, the socket is handed over (on_connected)
  std::string target;         // in place of the URL's path: "*"; "" else
  Asking asking = Asking::anew;
};

// Hears of one transfer. Calls come in this order: on_interim any number of times (limits::kInterimAnswers at most),
// on_head once, on_body any number of times, on_end once. Heads and bodies have passed the rules of OriginHead and
// ChunkedBodyDecoder: what breaks them ends in a bad on_end, and its connection is not used again.
class TransferSink {
 public:
  TransferSink() = default;
  TransferSink(const TransferSink&) = delete;
  TransferSink& operator=(const TransferSink&) = delete;
  virtual ~TransferSink() = default;
  // False ends the transfer; on_end follows.
  virtual bool on_head(const OriginAnswer& answer) = 0;
  virtual void on_interim(const OriginAnswer& /*answer*/) {}  // 1xx but 101
  virtual bool on_body(std::span<const std::byte> bytes) = 0;
  // Of connect_only: the connected socket, to be closed by who is told; on_end follows.
  virtual void on_connected(int /*fd*/) {}
  // Good: the message was received whole, by its own framing. The sink may destroy its Transfer here.
  virtual void on_end(Status status) = 0;
};

// One running request. Destroying it ends the request without a further call to the sink.
class Transfer {
 public:
  struct Running;
  Transfer(CurlDriver& driver, std::shared_ptr<Running> running);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // Whether its body waits at the origin. May be called by its sink.
  void hold(bool held);

 private:
  CurlDriver& driver_;
  std::shared_ptr<Running> running_;
};

// RFC 3986 5: a reference, such as a Location, against the URL of the answer it stands in. "" when it cannot be one.
std::string resolve_reference(const std::string& base, const std::string& reference);

class OriginClient {
 public:
  OriginClient(EventThread& thread, const config::Config& config, const OriginTable& table, const Clock& clock,
               Counters& counters);
  ~OriginClient();
  OriginClient(const OriginClient&) = delete;
  OriginClient& operator=(const OriginClient&) = delete;

  // The sink must outlive the Transfer. Nothing is called before start returns. Where a connection goes is checked by
  // OriginGuard.
  std::unique_ptr<Transfer> start(TransferSpec spec, TransferSink& sink);

  // The same on connections of its own, so that it can be held alone.
  std::unique_ptr<CurlDriver> make_driver();
  static std::unique_ptr<Transfer> start_on(CurlDriver& driver, TransferSpec spec, TransferSink& sink);

  LineShare& line() { return line_; }
  OriginHealth& health() { return health_; }

  // All shared transfers: nothing more is read from origins until release().
  void hold();
  void release();

  static void hold(CurlDriver& driver);
  static void release(CurlDriver& driver);

 private:
  EventThread& thread_;
  const config::Config& config_;
  const OriginTable& table_;
  const Clock& clock_;
  const OriginGuard guard_;
  OriginResolver resolver_;
  OriginHealth health_;
  LineShare line_;
  std::unique_ptr<CurlDriver> shared_;
  std::unique_ptr<CurlDriver> prompt_;
};

}  // namespace larder::proxy
