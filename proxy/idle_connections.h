// SPDX-License-Identifier: MIT
// Connections to origins that wait for their next request. What an origin sends on one of them meanwhile is nobody's
// answer (RFC 9112 6.3), but libcurl 7.88 takes it for the answer to the next request. So a connection on which bytes
// lie before its next request is sent is shut down; libcurl then notices that it is dead and opens another.
//
// HTTP/1 only: in HTTP/2 frames may come at any time, and each names its request. Bytes that TLS has decrypted already
// are not seen. Threads: belongs to one driver.
#pragma once

#include <curl/curl.h>

#include <unordered_map>

namespace larder::proxy {

class IdleConnections {
 public:
  // The transfer has ended; its connection may be kept.
  void note(CURL* easy);

  // The transfer is about to send its request over the connection from this local port.
  void check(CURL* easy, int local_port);

 private:
  std::unordered_map<int, curl_socket_t> by_port_;  // may name sockets that are long closed
};

}  // namespace larder::proxy
