// SPDX-License-Identifier: MIT
#include "admin/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace larder::admin {
namespace {

// Connections the kernel holds until they are accepted.
constexpr int kBacklog = 128;
// When the process has no descriptors left, accepting is tried again after this.
constexpr std::chrono::milliseconds kPause{100};

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
  const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* generic() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress socket_address(const config::Endpoint& endpoint) {
  SocketAddress address;
  sockaddr_in in{};
  sockaddr_in6 in6{};
  if (inet_pton(AF_INET, endpoint.host.c_str(), &in.sin_addr) == 1) {
    in.sin_family = AF_INET;
    in.sin_port = htons(endpoint.port);
    std::memcpy(&address.storage, &in, sizeof in);
    address.length = sizeof in;
  } else if (inet_pton(AF_INET6, endpoint.host.c_str(), &in6.sin6_addr) == 1) {
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(endpoint.port);
    std::memcpy(&address.storage, &in6, sizeof in6);
    address.length = sizeof in6;
  }
  return address;
}

std::uint16_t port_of(int fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  getsockname(fd, address.generic(), &address.length);
  // The port is at the same place in both families.
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address.storage)->sin_port);
}

Error cannot_listen(const config::Endpoint& endpoint, int reason) {
  const ErrorKind kind = reason == EADDRINUSE ? ErrorKind::busy : ErrorKind::invalid;
  std::string remedy = "; correct listen.admin";
  if (reason == EADDRINUSE) remedy = "; stop the program that uses it, or choose another port in listen.admin";
  if (reason == EACCES) remedy = "; choose a port above 1023 in listen.admin";
  if (reason == EADDRNOTAVAIL) remedy = "; this machine does not have that address: correct listen.admin";
  return fail(kind, "cannot listen on " + endpoint.text() + ": " + std::strerror(reason) + remedy);
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(event_base* base, const config::Endpoint& endpoint,
                                                 std::function<void(int)> accepted) {
  const SocketAddress address = socket_address(endpoint);
  if (address.length == 0) return cannot_listen(endpoint, EINVAL);
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return cannot_listen(endpoint, errno);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // So that 0.0.0.0 and [::] can stand side by side.
  if (address.storage.ss_family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (bind(fd, address.generic(), address.length) != 0 || listen(fd, kBacklog) != 0) {
    const int reason = errno;
    ::close(fd);
    return cannot_listen(endpoint, reason);
  }
  return std::unique_ptr<Listener>(
      new Listener(base, fd, config::Endpoint{endpoint.host, port_of(fd)}, std::move(accepted)));
}

Listener::Listener(event_base* base, int fd, config::Endpoint endpoint, std::function<void(int)> accepted)
    : fd_(fd),
      endpoint_(std::move(endpoint)),
      accepted_(std::move(accepted)),
      readable_(event_new(
          base, fd, EV_READ | EV_PERSIST,
          [](evutil_socket_t, short, void* self) noexcept { static_cast<Listener*>(self)->accept_all(); }, this)),
      again_(base, [this] { event_add(readable_.get(), nullptr); }) {
  if (!readable_) std::abort();  // out of memory
  event_add(readable_.get(), nullptr);
}

Listener::~Listener() {
  readable_.reset();
  ::close(fd_);
}

void Listener::accept_all() {
  for (;;) {
    const int client = accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (client >= 0) {
      accepted_(client);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      event_del(readable_.get());
      again_.after(kPause);
      return;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

}  // namespace larder::admin
