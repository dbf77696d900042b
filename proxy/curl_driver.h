// SPDX-License-Identifier: MIT
// CurlDriver: one curl multi handle driven by a libevent base. Used by origin_client.cpp only.
//
// libcurl forbids adding and removing transfers from inside its callbacks, and a sink may well decide there to end one
// transfer and begin another. So both are noted and carried out when curl has returned (maintain()).
#pragma once

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "proxy/idle_connections.h"
#include "proxy/origin_client.h"
#include "proxy/request_body.h"

namespace larder::proxy {

using CurlEasy = Owned<CURL, curl_easy_cleanup>;
using CurlFields = Owned<curl_slist, curl_slist_free_all>;

struct Transfer::Running {
  TransferSpec spec;
  TransferSink* sink = nullptr;  // null once the Transfer is gone
  CurlEasy easy;
  CurlFields fields;
  CurlFields connect_to;
  CurlFields resolved;                     // as CURLOPT_RESOLVE wants it
  std::vector<config::Address> addresses;  // found by Larder's own resolver; none: libcurl looks up
  std::array<char, CURL_ERROR_SIZE> trouble{};
  OriginHead head;                            // being received
  std::optional<ChunkedBodyDecoder> chunked;  // of a body that comes in chunks
  bool body_whole = true;                     // all its chunks are here
  bool plain_text = false;                    // no TLS, hence no HTTP/2
  std::string refusal;                        // why the head or the body could not be taken
  bool head_given = false;
  bool ended_by_sink = false;
  bool held = false;   // by Transfer::hold
  bool asked = false;  // the request is on its way, and something should be heard
  SteadyTime heard;    // of the origin, or it was not listened to
  const OriginRule* rule = nullptr;
  std::string origin;                  // host:port, as origin_health.h knows it
  bool between_addresses = false;      // it has left one that did not answer
  bool awaited = false;                // whether the origin lives is not known yet
  const OriginGuard* guard = nullptr;  // null: a proxy connects
  std::string forbidden;               // an address of the origin that may not be connected to, and why
  std::string redirect;                // absolute URL to follow when this response ends
  int redirects = 0;
  bool added = false;
};

// What a driver is made with; all of it outlives the driver.
struct DriverSite {
  event_base* base;
  const config::Config& config;
  const OriginTable& table;
  const OriginGuard& guard;
  OriginResolver& resolver;
  OriginHealth& health;
  const Clock& clock;
  LineShare& line;
};

class CurlDriver {
 public:
  explicit CurlDriver(const DriverSite& site);
  ~CurlDriver();
  CurlDriver(const CurlDriver&) = delete;
  CurlDriver& operator=(const CurlDriver&) = delete;

  std::unique_ptr<Transfer> start(TransferSpec spec, TransferSink& sink);
  void abandon(const std::shared_ptr<Transfer::Running>& running);  // by ~Transfer
  void hold(Transfer::Running& running, bool held);
  void hold();
  void release();

 private:
  struct Socket {
    Event event;
    CURL* easy = nullptr;  // whose bytes come next, as far as curl says
    int ready = 0;         // CURL_CSELECT_ bits that came while held
    int waiting = 0;       // the same, while it waits for its turn on the line
    std::unique_ptr<LineShare::Turn> turn;
  };

  static int on_socket(CURL* easy, curl_socket_t fd, int what, void* self, void* socket) noexcept;
  static int on_timer(CURLM* multi, long timeout_ms, void* self) noexcept;
  static int on_new_socket(void* self, curl_socket_t fd, curlsocktype purpose) noexcept;
  static CurlDriver& driver_of(const Transfer::Running& running);
  static curl_socket_t on_open_socket(void* running, curlsocktype purpose, curl_sockaddr* address) noexcept;
  static size_t on_header(char* bytes, size_t size, size_t count, void* running) noexcept;
  static size_t on_body(char* bytes, size_t size, size_t count, void* running) noexcept;
  static int on_request(void* running, char* to, char* from, int to_port, int from_port) noexcept;

  void watch(CURL* easy, curl_socket_t fd, int what);
  void readable(curl_socket_t fd, int bits);
  void take_turn(curl_socket_t fd);
  void check_silence();
  void on_timeout();
  void drive(curl_socket_t fd, int bits);
  void maintain();
  void left_address(CURL* easy);
  void look_again();
  void add(const std::shared_ptr<Transfer::Running>& running);
  bool by_proxy(const OriginRule& rule) const;
  void launch(const std::shared_ptr<Transfer::Running>& running);
  std::string why(const Transfer::Running& running, CURLcode code) const;
  Error failure(Transfer::Running& running, CURLcode code);
  void look_up(const std::shared_ptr<Transfer::Running>& running);
  void rest_as_asked(const Transfer::Running& running, const OriginAnswer& answer);
  void follow(const std::shared_ptr<Transfer::Running>& running);
  void remove(Transfer::Running& running);
  void hand_over(Transfer::Running& running);
  void finish(CURL* easy, CURLcode code);
  Status prepare(Transfer::Running& running);
  bool take_header(Transfer::Running& running, std::string_view line);
  static bool take_body(Transfer::Running& running, std::string_view bytes);
  bool head_complete(Transfer::Running& running, const OriginAnswer& answer);

  const DriverSite site_;
  const LineShare::FlowPtr own_flow_ = std::make_shared<LineShare::Flow>();
  LineShare::Turn timers_turn_;
  Owned<CURLM, curl_multi_cleanup> multi_;
  std::unordered_map<curl_socket_t, Socket> sockets_;
  IdleConnections idle_;
  std::unordered_map<CURL*, std::shared_ptr<Transfer::Running>> running_;
  std::vector<std::shared_ptr<Transfer::Running>> to_add_;
  std::vector<std::shared_ptr<Transfer::Running>> to_remove_;
  std::vector<std::pair<std::shared_ptr<Transfer::Running>, Error>> to_fail_;
  Timer timeout_;
  Timer maintain_soon_;
  Timer silence_;
  Timer look_again_;
  bool inside_ = false;
  bool held_ = false;
  bool timeout_due_ = false;
};

}  // namespace larder::proxy
