// SPDX-License-Identifier: MIT
#include "proxy/idle_connections.h"

#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

namespace larder::proxy {
namespace {

// 0 when it is no socket any more.
int local_port_of(curl_socket_t fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return 0;
  sockaddr_in in{};  // sin6_port is at the same place
  std::memcpy(&in, &address, sizeof in);
  return ntohs(in.sin_port);
}

bool bytes_lie_in(curl_socket_t fd) {
  int count = 0;
  return ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

}  // namespace

void IdleConnections::note(CURL* easy) {
  long version = 0;
  long port = 0;
  curl_socket_t fd = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &port);
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
  const bool http1 = version == CURL_HTTP_VERSION_1_0 || version == CURL_HTTP_VERSION_1_1;
  if (http1 && fd != CURL_SOCKET_BAD) by_port_[static_cast<int>(port)] = fd;
}

void IdleConnections::check(CURL* easy, int local_port) {
  const auto found = by_port_.find(local_port);
  if (found == by_port_.end()) return;
  const curl_socket_t fd = found->second;
  by_port_.erase(found);
  long opened = 0;
  curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &opened);
  if (opened == 0 && local_port_of(fd) == local_port && bytes_lie_in(fd)) shutdown(fd, SHUT_RDWR);
}

}  // namespace larder::proxy
