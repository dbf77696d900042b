// SPDX-License-Identifier: MIT
#include "proxy/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/limits.h"

namespace larder::proxy {
namespace {

// Connections taken in one go, so that a flood of them does not starve those already there.
constexpr int kAcceptsPerTurn = 64;
constexpr int kBacklog = 4096;
constexpr auto kRest = std::chrono::milliseconds(100);

Error cannot_listen(const config::Endpoint& endpoint, const std::string& why) {
  return fail(ErrorKind::refused, "cannot listen on " + endpoint.text() + ": " + why);
}

std::string remedy(int error) {
  std::string text = std::strerror(error);
  if (error == EADDRINUSE) text += "; another program has the port: stop it, or choose another in [listen]";
  if (error == EACCES) text += "; ports below 1024 need CAP_NET_BIND_SERVICE (the systemd unit grants it)";
  if (error == EADDRNOTAVAIL) text += "; this machine does not have the address";
  return text;
}

enum class Sharing { with_other_loops, with_nobody };

// A bound socket.
Result<int> bind_to(const config::Endpoint& endpoint, Sharing sharing) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  if (const int error = getaddrinfo(endpoint.host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return cannot_listen(endpoint, gai_strerror(error));
  }
  const Owned<addrinfo, freeaddrinfo> owned(found);
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return cannot_listen(endpoint, std::strerror(errno));
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::with_other_loops) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (found->ai_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, found->ai_addr, found->ai_addrlen) != 0) {
    const int error = errno;
    close(fd);
    return cannot_listen(endpoint, remedy(error));
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(event_base* base, const config::Endpoint& endpoint,
                                                 Accepted accepted) {
  auto fd = bind_to(endpoint, Sharing::with_other_loops);
  if (!fd) return std::move(fd).error();
  // Accepted sockets have it from here.
  const int unsent = limits::kUnsentBytes;
  setsockopt(*fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
  if (::listen(*fd, kBacklog) != 0) {
    const int error = errno;
    close(*fd);
    return cannot_listen(endpoint, remedy(error));
  }
  return std::unique_ptr<Listener>(new Listener(base, *fd, std::move(accepted)));
}

Status Listener::check_free(const config::Endpoint& endpoint) {
  auto fd = bind_to(endpoint, Sharing::with_nobody);
  if (!fd) return std::move(fd).error();
  close(*fd);
  return ok();
}

Listener::Listener(event_base* base, int fd, Accepted accepted)
    : fd_(fd),
      accepted_(std::move(accepted)),
      ready_(event_new(
          base, fd, EV_READ | EV_PERSIST,
          [](evutil_socket_t, short, void* self) noexcept { static_cast<Listener*>(self)->accept_some(); }, this)),
      rest_(base, [this] { event_add(ready_.get(), nullptr); }) {
  event_add(ready_.get(), nullptr);
}

Listener::~Listener() {
  ready_.reset();
  close(fd_);
}

void Listener::accept_some() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int fd = accept4(fd_, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        spdlog::warn("cannot accept clients: {}; waiting (raise LimitNOFILE if this repeats)", std::strerror(errno));
        event_del(ready_.get());
        rest_.after(kRest);
      }
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    accepted_(fd, config::Address::from(*reinterpret_cast<sockaddr*>(&address)));
  }
}

}  // namespace larder::proxy
