// SPDX-License-Identifier: MIT
#include "proxy/tunnel.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/limits.h"
#include "proxy/loop.h"
#include "proxy/response_head.h"

namespace larder::proxy {
namespace {

// Moved of one direction before others of the loop have their turn.
constexpr std::size_t kTurnBytes = 1024 * 1024;
constexpr std::uint16_t kHttpsPort = 443;
// A fatal alert "unrecognized_name" (RFC 6066 3), which every TLS client understands before it has a key.
constexpr std::string_view kUnknownName("\x15\x03\x03\x00\x02\x02\x70", 7);

bool again(int error) {
  return error == EAGAIN || error == EINTR;
}

}  // namespace

Tunnel::Tunnel(Loop& loop, Id id, TunnelOrder order)
    : loop_(loop),
      id_(id),
      seat_(std::move(order.seat)),
      client_(order.fd),
      state_(State::dialling),
      host_(std::move(order.host)),
      port_(order.port),
      record_(std::move(order.record)),
      began_(loop.site.clock.steady()),
      moved_(began_) {
  up_.text = std::move(order.early);
}

Tunnel::Tunnel(Loop& loop, Id id, int fd, ClientTable::Seat seat)
    : loop_(loop),
      id_(id),
      seat_(std::move(seat)),
      client_(fd),
      state_(State::greeting),
      began_(loop.site.clock.steady()),
      moved_(began_) {
  record_.time = loop.site.clock.now();
  record_.client = seat_.address();
  record_.entrance = reports::Entrance::sni;
  record_.answered = reports::Answered::refused;
}

Tunnel::~Tunnel() {
  if (state_ != State::over) over(false);
}

void Tunnel::begin() {
  make_events(client_, client_readable_, client_writable_, up_, down_);
  if (state_ == State::greeting) {
    event_add(client_readable_.get(), nullptr);
  } else {
    dial();
  }
}

// `reads` goes on when `fd` has bytes, `writes` when it takes some.
void Tunnel::make_events(int fd, Event& readable, Event& writable, Flow& reads, Flow& writes) {
  event_base* base = loop_.thread.base();
  readable.reset(event_new(
      base, fd, EV_READ,
      [](evutil_socket_t, short, void* self) noexcept {
        auto& tunnel = *static_cast<Tunnel*>(self);
        if (tunnel.state_ == State::greeting) {
          tunnel.on_greeting();
        } else {
          tunnel.flow();
        }
      },
      this));
  writable.reset(event_new(
      base, fd, EV_WRITE, [](evutil_socket_t, short, void* self) noexcept { static_cast<Tunnel*>(self)->flow(); },
      this));
  reads.from = fd;
  reads.readable = &readable;
  writes.to = fd;
  writes.writable = &writable;
}

// ---- by server name ----

void Tunnel::on_greeting() {
  std::array<char, 4096> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  const ssize_t got = recv(client_, buffer.data(), buffer.size(), 0);
  if (got < 0 && again(errno)) {
    event_add(client_readable_.get(), nullptr);
    return;
  }
  if (got <= 0) {
    over(false);
    return;
  }
  greeting_.append(buffer.data(), static_cast<std::size_t>(got));
  ClientHello hello;
  switch (hello.read(greeting_)) {
    case ClientHello::State::incomplete:
      event_add(client_readable_.get(), nullptr);
      return;
    case ClientHello::State::refused:
      refuse(400, hello.reason());
      return;
    case ClientHello::State::complete:
      host_ = hello.host();
      greeted();
      return;
  }
}

void Tunnel::greeted() {
  record_.subject.edit().url = "https://" + host_ + ":" + std::to_string(port_);
  if (loop_.site.origins.find(host_, kHttpsPort) == nullptr) {
    refuse(403, "Larder passes TLS through to named origins only, and this host is none");
    return;
  }
  if (!loop_.room_for_tunnel()) {
    refuse(503, "as many tunnels are open as may be");
    return;
  }
  up_.text = std::exchange(greeting_, {});
  state_ = State::dialling;
  dial();
}

// ---- the far end ----

void Tunnel::dial() {
  add(loop_.site.counters.tunnels_open);
  record_.answered = reports::Answered::failed;
  loop_.site.origin_thread.post([&loop = loop_, id = id_, host = host_, port = port_] {
    loop.site.tunnels.dial(host, port, loop.thread, [&loop, id](auto socket, std::chrono::seconds rest) {
      if (Tunnel* tunnel = loop.tunnel(id)) tunnel->dialled(std::move(socket), rest);
    });
  });
}

void Tunnel::dialled(Result<std::shared_ptr<TunnelSocket>> socket, std::chrono::seconds rest) {
  if (state_ != State::dialling) return;
  if (!socket) {
    const ErrorKind kind = socket.error().kind;
    refuse(kind == ErrorKind::timed_out ? 504 : kind == ErrorKind::busy ? 503 : 502, socket.error().message, rest);
    return;
  }
  origin_ = (*socket)->release();
  const int on = 1;
  setsockopt(origin_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(origin_, F_SETFL, ::fcntl(origin_, F_GETFL) | O_NONBLOCK);
  make_events(origin_, origin_readable_, origin_writable_, down_, up_);
  state_ = State::flowing;
  moved_ = loop_.site.clock.steady();
  add(loop_.site.counters.tunnels_opened);
  record_.answered = reports::Answered::pass;
  record_.status = 200;
  if (record_.entrance == reports::Entrance::tunnel) down_.text = "HTTP/1.1 200 Connection established\r\n\r\n";
  flow();
}

// ---- bytes ----

void Tunnel::flow() {
  if (state_ == State::refused) {
    if (!send_on(down_)) return;
    over(true);
    return;
  }
  if (state_ != State::flowing) return;
  pump(up_);
  if (state_ == State::flowing) pump(down_);
  if (state_ == State::flowing && up_.shut && down_.shut) over(true);
}

void Tunnel::pump(Flow& flow) {
  std::size_t moved = 0;
  while (!flow.shut && state_ == State::flowing) {
    if (!flow.text.empty() || flow.held > 0) {
      if (!send_on(flow)) return;
      continue;
    }
    if (flow.ended) {
      shutdown(flow.to, SHUT_WR);
      flow.shut = true;
      return;
    }
    if (moved >= kTurnBytes) {
      event_active(flow.readable->get(), EV_READ, 0);
      return;
    }
    if (!take_in(flow)) return;
    moved += flow.held;
  }
}

// From a socket into the pipe. False: there is nothing now.
bool Tunnel::take_in(Flow& flow) {
  if (!flow.pipe) flow.pipe = loop_.pipes().take();
  if (!flow.pipe) {
    spdlog::warn("a tunnel to {} ends: the process has no descriptors left (raise LimitNOFILE)", host_);
    over(false);
    return false;
  }
  const ssize_t got =
      splice(flow.from, nullptr, flow.pipe->in(), nullptr, PipePool::kBytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
  if (got > 0) {
    flow.held = static_cast<std::size_t>(got);
    moved_ = loop_.site.clock.steady();
    return true;
  }
  const int error = got < 0 ? errno : 0;
  loop_.pipes().give_back(std::move(*flow.pipe));
  flow.pipe.reset();
  if (got == 0) {
    flow.ended = true;
    return true;
  }
  if (again(error)) {
    event_add(flow.readable->get(), nullptr);
  } else {
    over(false);
  }
  return false;
}

// What waits for the other socket. False: it takes no more now.
bool Tunnel::send_on(Flow& flow) {
  while (!flow.text.empty() || flow.held > 0) {
    const bool of_text = !flow.text.empty();
    const ssize_t sent =
        of_text ? send(flow.to, flow.text.data(), flow.text.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
                : splice(flow.pipe->out(), nullptr, flow.to, nullptr, flow.held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (sent <= 0) {
      if (sent < 0 && again(errno)) {
        event_add(flow.writable->get(), nullptr);
      } else {
        over(false);
      }
      return false;
    }
    if (of_text) {
      flow.text.erase(0, static_cast<std::size_t>(sent));
    } else {
      flow.held -= static_cast<std::size_t>(sent);
      flow.bytes += static_cast<std::uint64_t>(sent);
      add(loop_.site.counters.tunnel_bytes, static_cast<std::uint64_t>(sent));
    }
    moved_ = loop_.site.clock.steady();
  }
  return true;
}

// ---- its end ----

void Tunnel::refuse(int status, const std::string& reason, std::chrono::seconds rest) {
  add(loop_.site.counters.tunnels_refused);
  spdlog::info("{} {}: {}", record_.entrance == reports::Entrance::sni ? "TLS to" : "a tunnel to",
               host_.empty() ? "nobody" : host_, reason);
  record_.status = status;
  if (record_.entrance == reports::Entrance::sni) {
    down_.text = kUnknownName;
  } else {
    ClientAnswer head;
    head.status = status;
    head.content_type = "text/plain; charset=utf-8";
    head.content_length = reason.size() + 1;
    head.connection = ClientAnswer::Connection::close;
    std::vector<std::pair<std::string, std::string>> fields;
    if (rest.count() > 0) fields.emplace_back("Retry-After", std::to_string(rest.count()));
    head.extra = &fields;
    write_response_head(head, loop_.http_date.at(loop_.site.clock.now()), down_.text);
    down_.text += reason + "\n";
  }
  state_ = State::refused;
  flow();
}

// A socket that is closed on bytes nobody has read, or in the middle, resets its other end.
void Tunnel::over(bool complete) {
  if (state_ == State::over) return;
  const bool counted = state_ == State::dialling || state_ == State::flowing ||
                       (state_ == State::refused && record_.answered == reports::Answered::failed);
  state_ = State::over;
  if (counted) take(loop_.site.counters.tunnels_open);
  for (Event* event : {&client_readable_, &client_writable_, &origin_readable_, &origin_writable_}) event->reset();
  for (const int fd : {client_, origin_}) {
    if (fd < 0) continue;
    if (!complete) {
      const linger now{1, 0};
      setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    ::close(fd);
  }
  client_ = origin_ = -1;
  record_.duration = std::chrono::duration_cast<std::chrono::microseconds>(loop_.site.clock.steady() - began_);
  record_.bytes_asked = record_.bytes_sent = record_.bytes_from_origin = down_.bytes;
  record_.complete = complete && record_.status == 200;
  if (!host_.empty()) loop_.record(std::move(record_));
  loop_.end_tunnel(id_);
}

void Tunnel::check_time(SteadyTime now) {
  const config::LimitsConfig& limits = loop_.config().limits;
  const bool unheard = state_ == State::greeting && now - began_ > limits.head_timeout;
  const bool untold = state_ == State::refused && now - moved_ > limits::kLinger;
  const bool idle = state_ == State::flowing && now - moved_ > limits.tunnel_idle;
  const bool old = state_ == State::flowing && now - began_ > limits.tunnel_life;
  if (idle || old) spdlog::info("a tunnel to {} ends: limits.{} is over", host_, idle ? "tunnel_idle" : "tunnel_life");
  if (unheard || untold || idle || old) over(false);
}

}  // namespace larder::proxy
