// SPDX-License-Identifier: MIT
#include "proxy/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/limits.h"
#include "proxy/exchange.h"
#include "proxy/loop.h"

namespace larder::proxy {
namespace {

// Read ahead of the request now answered: pipelined heads. Beyond it the socket is left unread.
constexpr std::size_t kInputBytes = 2 * limits::kHeadBytes;
constexpr std::size_t kReadBytes = 16 * 1024;

}  // namespace

Connection::Connection(Loop& loop, int fd, const config::Address& client, bool allowed)
    : loop_(loop), fd_(fd), client_(client), allowed_(allowed), last_progress_(loop.site.clock.steady()) {
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
  exchange_.reset();
  unfed_.reset();
  read_event_.reset();
  write_event_.reset();
  ::close(fd_);
}

void Connection::read_more(bool wanted) {
  if (wanted == reading_on_) return;
  reading_on_ = wanted;
  if (wanted) {
    event_add(read_event_.get(), nullptr);
  } else {
    event_del(read_event_.get());
  }
}

void Connection::on_readable() {
  std::array<char, kReadBytes> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
  if (got < 0) {
    if (errno == EAGAIN || errno == EINTR) return;
    close();
    return;
  }
  if (got == 0) {
    input_ended_ = true;
    read_more(false);
    if (!exchange_) close();
    return;
  }
  if (reading_ == Reading::linger) return;
  if (in_begin_ == in_.size()) {
    in_.clear();
    in_begin_ = 0;
  }
  in_.append(buffer.data(), static_cast<std::size_t>(got));
  last_progress_ = loop_.site.clock.steady();
  if (exchange_) {
    if (in_.size() - in_begin_ >= kInputBytes) read_more(false);
    return;
  }
  advance();
}

void Connection::on_writable() {
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
  switch (parser_.parse(unread, head_)) {
    case HeadParser::State::incomplete:
      return false;
    case HeadParser::State::refused:
      refuse(parser_.refusal().status, parser_.refusal().reason);
      return true;
    case HeadParser::State::complete:
      break;
  }
  const std::size_t head_bytes = parser_.head_bytes();
  body_.clear();
  exchange_ = std::make_unique<Exchange>(*this, head_, unread.substr(0, head_bytes));
  in_begin_ += head_bytes;
  parser_.reset();
  const bool has_body = head_.chunked || head_.content_length.value_or(0) > 0;
  if (!has_body) {
    begin_exchange();
    return true;
  }
  if (head_.content_length.value_or(0) > limits::kRequestBodyBytes) {
    exchange_.reset();
    refuse(413, "the body of the request is larger than Larder passes on");
    return true;
  }
  body_left_ = head_.content_length.value_or(0);
  chunked_ = {};
  reading_ = Reading::body;
  exchange_->keep_head();
  unfed_ = std::move(exchange_);
  if (head_.expect_continue && in_begin_ == in_.size()) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    iovec part{const_cast<char*>(kContinue.data()), kContinue.size()};
    std::size_t sent = 0;
    if (send(&part, 1, false, sent) == Sent::failed || sent != kContinue.size()) {
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
    if (body_.size() > limits::kRequestBodyBytes) {
      refuse(413, "the body of the request is larger than Larder passes on");
      return true;
    }
    if (state == ChunkedBodyDecoder::State::incomplete) return false;
  } else {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, unread.size()));
    body_.append(unread.substr(0, taken));
    in_begin_ += taken;
    body_left_ -= taken;
    if (body_left_ > 0) return false;
  }
  reading_ = Reading::head;
  exchange_ = std::move(unfed_);
  exchange_->give_body(std::move(body_));
  begin_exchange();
  return true;
}

void Connection::begin_exchange() {
  exchange_->begin();
  if (exchange_) exchange_->keep_head();  // it goes on after this turn
}

void Connection::refuse(int status, const std::string& reason) {
  unfed_.reset();
  reading_ = Reading::nothing;
  exchange_ = std::make_unique<Exchange>(*this);
  exchange_->refuse_and_close(status, reason);
}

Connection::Sent Connection::send(iovec* parts, int count, bool more, std::size_t& sent) {
  sent = 0;
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = static_cast<std::size_t>(count);
  std::size_t whole = 0;
  for (int i = 0; i < count; ++i) whole += parts[i].iov_len;
  const ssize_t wrote = sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT | (more ? MSG_MORE : 0));
  if (wrote < 0) return errno == EAGAIN || errno == EINTR ? Sent::some : Sent::failed;
  sent = static_cast<std::size_t>(wrote);
  if (sent > 0) last_progress_ = loop_.site.clock.steady();
  return sent == whole ? Sent::all : Sent::some;
}

void Connection::when_writable() {
  event_add(write_event_.get(), nullptr);
}

void Connection::finished(bool keep) {
  // The exchange is on the stack still; the one before it no longer is.
  last_ = std::move(exchange_);
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
  const auto idle = now - last_progress_;
  if (exchange_) {
    if (exchange_->waits_for_client() && idle > limits::kSendStall) cut();
    return;
  }
  const bool between = reading_ == Reading::head && in_begin_ == in_.size();
  const auto allowed = reading_ == Reading::linger ? limits::kLinger
                       : between                   ? limits::kKeepAlive
                                                   : limits::kRequestStall;
  if (idle > allowed) close();
}

void Connection::close() {
  if (closing_) return;
  closing_ = true;
  event_del(read_event_.get());
  event_del(write_event_.get());
  loop_.close(*this);
}

}  // namespace larder::proxy
