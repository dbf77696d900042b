// SPDX-License-Identifier: MIT
#include "proxy/connection.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/limits.h"
#include "proxy/exchange.h"
#include "proxy/loop.h"
#include "proxy/tunnel.h"

namespace larder::proxy {
namespace {

// Read ahead of the request now answered: pipelined heads. Beyond it the socket is left unread.
constexpr std::size_t kInputBytes = 2 * limits::kHeadBytes;
constexpr std::size_t kReadBytes = 16 * 1024;
constexpr auto kSlimAfter = std::chrono::seconds(2);

// Bytes the client's kernel has not confirmed yet: the socket's buffer may hold minutes of a slow client.
std::uint64_t bytes_untaken(int fd) {
  int bytes = 0;
  return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

}  // namespace

Connection::Connection(Loop& loop, int fd, ClientTable::Seat seat, std::unique_ptr<TlsStream> tls)
    : loop_(loop),
      fd_(fd),
      seat_(std::move(seat)),
      tls_(std::move(tls)),
      body_share_(loop.site.counters.request_body_bytes),
      last_progress_(loop.site.clock.steady()) {
  event_base* base = loop.thread.base();
  read_event_.reset(event_new(
      base, fd, EV_READ | EV_PERSIST,
      [](evutil_socket_t, short, void* self) noexcept { static_cast<Connection*>(self)->on_readable(); }, this));
  write_event_.reset(event_new(
      base, fd, EV_WRITE,
      [](evutil_socket_t, short, void* self) noexcept { static_cast<Connection*>(self)->on_writable(); }, this));
  event_add(read_event_.get(), nullptr);
}

Connection::~Connection() {
  running(false);
  exchange_.reset();
  unfed_.reset();
  read_event_.reset();
  write_event_.reset();
  if (fd_ >= 0) ::close(fd_);
}

config::Endpoint Connection::local() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  sockaddr_in in{};  // sin6_port is at the same place
  std::memcpy(&in, &address, sizeof in);
  return {config::Address::from(*reinterpret_cast<const sockaddr*>(&address)).text(), ntohs(in.sin_port)};
}

void Connection::read_more(bool wanted) {
  if (wanted == reading_on_) return;
  reading_on_ = wanted;
  if (wanted) {
    event_add(read_event_.get(), nullptr);
    if (tls_ && tls_->holds_input()) event_active(read_event_.get(), EV_READ, 0);
  } else {
    event_del(read_event_.get());
  }
}

void Connection::on_readable() {
  if (tls_) {
    on_readable_tls();
    return;
  }
  std::array<char, kReadBytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    close();
    return;
  }
  if (got == 0) {
    input_ended();
  } else {
    take_input({buffer.data(), static_cast<std::size_t>(got)});
  }
}

void Connection::input_ended() {
  input_ended_ = true;
  read_more(false);
  if (!exchange_) close();
}

void Connection::take_input(std::string_view bytes) {
  if (reading_ == Reading::linger) return;
  if (in_begin_ == in_.size()) {
    in_.clear();
    in_begin_ = 0;
  }
  in_.append(bytes);
  stirred_ = true;
  last_progress_ = loop_.site.clock.steady();
  slim_ = false;
  if (exchange_) {
    if (in_.size() - in_begin_ >= kInputBytes) read_more(false);
    return;
  }
  advance();
}

void Connection::on_writable() {
  if (tls_ && !flush_tls()) return;
  if (exchange_) {
    exchange_->on_writable();
  } else {
    advance();
  }
}

// Requests are taken one after another. An exchange that finishes inside its own beginning comes back through
// finished(), which leaves the going on to this loop instead of calling deeper.
void Connection::advance() {
  if (advancing_) return;
  advancing_ = true;
  bool went_on = true;
  while (went_on && !exchange_ && !closing_) {
    switch (reading_) {
      case Reading::head:
        went_on = take_head();
        break;
      case Reading::body:
        went_on = take_body();
        break;
      case Reading::nothing:
      case Reading::linger:
        went_on = false;
        break;
    }
  }
  advancing_ = false;
  if (closing_) return;
  if (!exchange_ && input_ended_) {
    close();
    return;
  }
  if (reading_ == Reading::linger) return;
  if (in_begin_ > 0 && in_begin_ < in_.size() && !exchange_) {
    in_.erase(0, in_begin_);
    in_begin_ = 0;
  }
  read_more(!input_ended_ && in_.size() - in_begin_ < kInputBytes);
}

bool Connection::take_head() {
  const std::string_view unread = std::string_view(in_).substr(in_begin_);
  if (unread.empty()) return false;
  // What a head asks for depends on whether it came over TLS: those are read anew each time.
  if (parser_.fresh() && !secure()) {
    if (KnownHeadPtr known = loop_.known_heads().find(unread)) {
      asking_since_ = {};
      in_begin_ = in_.size();
      exchange_ = std::make_unique<Exchange>(*this, std::move(known));
      begin_exchange();
      return true;
    }
  }
  switch (parser_.parse(unread, head_)) {
    case HeadParser::State::incomplete:
      return false;
    case HeadParser::State::refused:
      refuse(parser_.refusal().status, parser_.refusal().reason);
      return true;
    case HeadParser::State::complete:
      break;
  }
  asking_since_ = {};
  const std::size_t head_bytes = parser_.head_bytes();
  const std::string_view bytes = unread.substr(0, head_bytes);
  const bool has_body = head_.chunked || head_.content_length.value_or(0) > 0;
  body_.clear();
  if (KnownHeadPtr known = has_body || secure() ? nullptr : loop_.known_heads().met(bytes, head_)) {
    exchange_ = std::make_unique<Exchange>(*this, std::move(known));
  } else {
    exchange_ = std::make_unique<Exchange>(*this, head_, bytes);
  }
  in_begin_ += head_bytes;
  parser_.reset();
  if (!has_body) {
    begin_exchange();
    return true;
  }
  body_most_ = most_body_bytes(head_);
  if (head_.content_length.value_or(0) > body_most_) {
    exchange_.reset();
    refuse(413, "the body of the request is larger than Larder takes");
    return true;
  }
  const bool waits_to_be_asked = head_.expect_continue && in_begin_ == in_.size();
  if (waits_to_be_asked && exchange_->is_refused_by_head()) {
    reading_ = Reading::nothing;
    exchange_->close_afterwards();
    begin_exchange();
    return true;
  }
  body_left_ = head_.content_length.value_or(0);
  chunked_ = {};
  reading_ = Reading::body;
  exchange_->outlive_turn();
  unfed_ = std::move(exchange_);
  if (waits_to_be_asked) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    iovec part{const_cast<char*>(kContinue.data()), kContinue.size()};
    std::size_t sent = 0;
    if (write(&part, 1, false, sent) == Sent::failed || sent != kContinue.size()) {
      close();
      return false;
    }
  }
  return true;
}

bool Connection::take_body() {
  const std::string_view unread = std::string_view(in_).substr(in_begin_);
  if (head_.chunked) {
    const auto state = chunked_.feed(unread, body_);
    if (state == ChunkedBodyDecoder::State::refused) {
      refuse(400, chunked_.reason());
      return true;
    }
    in_begin_ += state == ChunkedBodyDecoder::State::complete ? chunked_.used() : unread.size();
    if (body_.size() > body_most_) {
      refuse(413, "the body of the request is larger than Larder takes");
      return true;
    }
    if (!bodies_fit()) return true;
    if (state == ChunkedBodyDecoder::State::incomplete) return false;
  } else {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, unread.size()));
    body_.append(unread.substr(0, taken));
    in_begin_ += taken;
    body_left_ -= taken;
    if (!bodies_fit()) return true;
    if (body_left_ > 0) return false;
  }
  reading_ = Reading::head;
  asking_since_ = {};
  exchange_ = std::move(unfed_);
  exchange_->give_body(std::exchange(body_, {}));
  begin_exchange();
  return true;
}

bool Connection::bodies_fit() {
  if (body_share_.grow_to(body_.size())) return true;
  refuse(503, "the bodies of all requests together are larger than Larder holds; try again later");
  return false;
}

void Connection::begin_exchange() {
  exchange_->begin();
  if (!exchange_) return;
  exchange_->outlive_turn();
  running(true);
}

// Only what outlives its turn is counted, so that a hit answered at once costs no shared counter.
void Connection::running(bool now) {
  if (std::exchange(counted_, now) == now) return;
  loop_.running(now ? 1 : -1);
  if (now) {
    add(loop_.site.counters.requests_running);
  } else {
    take(loop_.site.counters.requests_running);
  }
}

void Connection::refuse(int status, const std::string& reason) {
  unfed_.reset();
  body_ = {};
  body_share_.give_back();
  reading_ = Reading::nothing;
  exchange_ = std::make_unique<Exchange>(*this);
  exchange_->refuse_and_close(status, reason);
}

Connection::Sent Connection::send(iovec* parts, int count, bool more, std::size_t& sent) {
  if (loop_.client_rate() != 0) {
    if (Pace* pace = seat_.pace()) return send_paced(*pace, parts, count, more, sent);
  }
  return write(parts, count, more, sent);
}

// As much as the client may have now; the rest waits in the loop's list of those who wait for their rate.
Connection::Sent Connection::send_paced(Pace& pace, iovec* parts, int count, bool more, std::size_t& sent) {
  const std::uint64_t rate = loop_.client_rate();
  if (rate == 0) return write(parts, count, more, sent);  // it has just been lifted
  const SteadyTime now = loop_.site.clock.steady();
  std::uint64_t left = pace.allowed(now, rate);
  sent = 0;
  if (left == 0) {
    add(loop_.site.counters.answers_paced);
    paced_ = Paced::due;
    return Sent::some;
  }
  std::uint64_t wanted = 0;
  std::uint64_t trying = 0;
  for (int i = 0; i < count; ++i) {
    wanted += parts[i].iov_len;
    parts[i].iov_len = std::min<std::size_t>(parts[i].iov_len, left);
    left -= parts[i].iov_len;
    trying += parts[i].iov_len;
  }
  const Sent outcome = write(parts, count, more && trying == wanted, sent);
  pace.spend(sent, now, rate);
  return outcome == Sent::all && trying < wanted ? Sent::some : outcome;
}

Connection::Sent Connection::write(iovec* parts, int count, bool more, std::size_t& sent) {
  sent = 0;
  if (tls_) return write_tls(parts, count, sent);
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = static_cast<std::size_t>(count);
  std::size_t whole = 0;
  for (int i = 0; i < count; ++i) whole += parts[i].iov_len;
  const ssize_t wrote = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
  if (wrote < 0) return errno == EAGAIN || errno == EINTR ? Sent::some : Sent::failed;
  sent = static_cast<std::size_t>(wrote);
  sent_bytes_ += sent;
  if (sent > 0) last_progress_ = loop_.site.clock.steady();
  return sent == whole ? Sent::all : Sent::some;
}

void Connection::when_writable() {
  if (paced_ == Paced::due) {
    paced_ = Paced::waiting;
    loop_.wait_for_pace(*this);
  } else if (paced_ == Paced::no) {
    event_add(write_event_.get(), nullptr);
  }
}

void Connection::pace_allows() {
  paced_ = Paced::no;
  on_writable();
}

void Connection::finished(bool keep) {
  // The exchange is on the stack still; the one before it no longer is.
  last_ = std::move(exchange_);
  running(false);
  stirred_ = true;
  taking_since_ = {};
  body_share_.give_back();
  if (!keep || draining_ || reading_ == Reading::nothing) {
    linger();
    return;
  }
  if (!advancing_) event_active(write_event_.get(), EV_WRITE, 0);
}

void Connection::linger() {
  if (input_ended_) {
    close();
    return;
  }
  reading_ = Reading::linger;
  if (tls_) tls_->say_goodbye();
  shutdown(fd_, SHUT_WR);
  in_.clear();
  in_begin_ = 0;
  read_more(true);
}

void Connection::cut() {
  const ::linger now{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close();
}

void Connection::drain() {
  draining_ = true;
  if (!exchange_) close();
}

void Connection::check_time(SteadyTime now) {
  if (std::exchange(stirred_, false) || exchange_) quiet_since_ = now;
  if (admission() != Admission::welcome) {
    // Its place is needed to tell the next one.
    if (asking_since_ == SteadyTime{}) asking_since_ = now;
    if (now - asking_since_ > limits::kLinger) close();
  } else if (exchange_) {
    check_taking(now);
  } else if (reading_ == Reading::linger) {
    if (now - quiet_since_ > limits::kLinger) close();
  } else if (reading_ == Reading::head && in_begin_ == in_.size() && !(tls_ && tls_->shaking_hands())) {
    if (now - quiet_since_ > kSlimAfter) slim();
    if (now - quiet_since_ > loop_.config().limits.keep_alive) close();
  } else {
    check_asking(now);
  }
}

// Thousands of quiet connections need not hold what their last request needed.
void Connection::slim() {
  if (std::exchange(slim_, true)) return;
  last_ = nullptr;
  head_ = {};
  std::string().swap(in_);
  std::string().swap(body_);
  in_begin_ = 0;
}

// The whole head, or body, must come in time: a byte now and then does not count as progress.
void Connection::check_asking(SteadyTime now) {
  if (asking_since_ == SteadyTime{}) asking_since_ = now;
  const config::LimitsConfig& of = loop_.config().limits;
  std::chrono::seconds allowed = of.head_timeout;
  if (reading_ == Reading::body) allowed = of.body_timeout + std::chrono::seconds(body_.size() / of.body_rate_bytes);
  if (now - asking_since_ <= allowed) return;
  add(loop_.site.counters.requests_timed_out);
  refuse(408, "the request did not come whole within the time a client has for it");
}

void Connection::check_taking(SteadyTime now) {
  if (!exchange_->waits_for_client() || waits_for_pace()) {
    taking_since_ = {};
    return;
  }
  const std::uint64_t taken = sent_bytes_ - bytes_untaken(fd_);
  if (taking_since_ == SteadyTime{} || taken - taken_bytes_ >= limits::kSendLeast) {
    taking_since_ = now;
    taken_bytes_ = taken;
  } else if (now - taking_since_ > loop_.config().limits.send_timeout) {
    add(loop_.site.counters.answers_timed_out);
    cut();
  }
}

void Connection::become_tunnel(const std::string& host, std::uint16_t port, reports::FetchRecord record) {
  event_del(read_event_.get());
  event_del(write_event_.get());
  TunnelOrder order{std::exchange(fd_, -1), std::move(seat_), in_.substr(in_begin_), host, port, std::move(record)};
  close();
  loop_.open_tunnel(std::move(order));
}

void Connection::close() {
  if (closing_) return;
  closing_ = true;
  event_del(read_event_.get());
  event_del(write_event_.get());
  loop_.close(*this);
}

}  // namespace larder::proxy
