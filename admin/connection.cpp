// SPDX-License-Identifier: MIT
#include "admin/connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>

#include "admin/limits.h"
#include "base/bytes.h"
#include "base/text.h"

namespace larder::admin {
namespace {

// After a refusal the client may still be sending: what comes is read over for this long, so that the answer is not
// destroyed by a reset.
constexpr std::chrono::seconds kLinger{2};

// Bytes taken from the socket at once.
constexpr std::size_t kReadBytes = 16 * 1024;

// With `length`, or without when the end of the connection ends the body.
std::string head_of(const Response& response, const Clock& clock, std::string_view connection,
                    std::optional<std::size_t> length) {
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason_phrase(response.status));
  head += "\r\nDate: " + to_http_date(clock.now());
  head += "\r\nContent-Type: " + response.content_type;
  if (length) head += "\r\nContent-Length: " + std::to_string(*length);
  head += "\r\nCache-Control: " + response.cache_control;
  head += "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer";
  for (const auto& [name, value] : response.fields) head.append("\r\n").append(name).append(": ").append(value);
  head += "\r\nConnection: " + std::string(connection);
  return head + "\r\n\r\n";
}

// Whether gzip is among an Accept-Encoding's codings and not forbidden by a weight of 0.
bool accepts_gzip(std::string_view field) {
  for (const auto coding : split(field, ',')) {
    const auto weight = coding.find(';');
    if (!equals_ignoring_case(trim(coding.substr(0, weight)), "gzip")) continue;
    return weight == std::string_view::npos || coding.find_first_of("123456789", weight) != std::string_view::npos;
  }
  return false;
}

Request to_request(const proxy::RequestHead& head) {
  Request request;
  request.method = head.method;
  const auto mark = head.target.find('?');
  request.path = head.target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = head.target.substr(mark + 1);
  request.host = head.host;
  request.authorization = head.find("Authorization");
  request.origin = head.find("Origin");
  request.content_type = head.find("Content-Type");
  request.agent = head.find("User-Agent");
  request.if_none_match = head.find("If-None-Match");
  request.accepts_gzip = accepts_gzip(head.find("Accept-Encoding"));
  return request;
}

}  // namespace

Connection::Connection(event_base* base, int fd, const Clock& clock, Events events)
    : clock_(clock),
      events_(std::move(events)),
      fd_(fd),
      state_since_(clock.steady()),
      read_(event_new(
          base, fd, EV_READ | EV_PERSIST,
          [](evutil_socket_t, short, void* self) noexcept { static_cast<Connection*>(self)->readable(); }, this)),
      write_(event_new(
          base, fd, EV_WRITE | EV_PERSIST,
          [](evutil_socket_t, short, void* self) noexcept { static_cast<Connection*>(self)->writable(); }, this)),
      patience_(base, [this] { timed_out(); }) {
  if (!read_ || !write_) std::abort();  // out of memory
}

Connection::~Connection() {
  close();
}

void Connection::begin() {
  event_add(read_.get(), nullptr);
  enter(State::head, kClientPatience);
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  read_.reset();
  write_.reset();
  patience_.cancel();
  ::close(fd_);
  events_.on_gone();
}

void Connection::enter(State state, std::chrono::seconds patience) {
  state_ = state;
  state_since_ = clock_.steady();
  patience_.after(patience);
}

void Connection::readable() {
  std::array<char, kReadBytes> bytes{};
  const ssize_t count = recv(fd_, bytes.data(), bytes.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) return close();
  if (state_ == State::lingering || state_ == State::streaming) return;
  if (idle()) patience_.after(kClientPatience);  // a new request has its own time
  in_.append(bytes.data(), static_cast<std::size_t>(count));
  parse();
}

void Connection::timed_out() {
  if (state_ == State::body || (state_ == State::head && !in_.empty())) {
    return refuse(408, "the request did not arrive whole within 30 seconds");
  }
  close();
}

void Connection::parse() {
  if (parsing_) return;  // an answer was at hand at once: the loop below goes on with what was sent ahead
  parsing_ = true;
  if (state_ == State::body) parse_body();
  while (state_ == State::head && !in_.empty() && parse_head()) {
    if (state_ == State::body) parse_body();
  }
  parsing_ = false;
}

bool Connection::parse_head() {
  proxy::RequestHead head;
  const auto state = parser_.parse(in_, head);
  if (state == proxy::HeadParser::State::refused) {
    refuse(parser_.refusal().status, parser_.refusal().reason);
    return false;
  }
  if (state == proxy::HeadParser::State::incomplete) return false;
  request_ = to_request(head);
  keep_alive_ = head.keep_alive;
  head_only_ = head.method == "HEAD";
  const std::uint64_t length = head.content_length.value_or(0);
  const bool chunked = head.chunked;
  const bool expects = head.expect_continue && length > 0;
  const bool foreign = !head.target.starts_with('/');
  in_.erase(0, parser_.head_bytes());  // the views of `head` end here
  parser_.reset();
  const std::size_t most = length > kBodyBytes ? events_.most_body(request_) : kBodyBytes;
  body_left_ = static_cast<std::size_t>(std::min<std::uint64_t>(length, most));
  state_ = State::body;
  if (foreign) {
    refuse(400, "this is the administration's address, not the proxy's; clients use listen.http");
  } else if (chunked) {
    refuse(411, "send the body with a Content-Length");
  } else if (length > most) {
    refuse(413, "the body is larger than " + format_bytes(most) + ", more than this request needs");
  } else if (expects && in_.empty()) {
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    write_out();
  }
  return true;
}

void Connection::parse_body() {
  if (in_.size() < body_left_) return;
  request_.body = in_.substr(0, body_left_);
  in_.erase(0, body_left_);
  hand_over();
}

void Connection::hand_over() {
  state_ = State::waiting;
  patience_.cancel();  // how long an answer takes is not the client's fault
  event_del(read_.get());
  events_.on_request(std::exchange(request_, {}));
}

void Connection::answer(const Response& response) {
  if (state_ != State::waiting) return;
  out_ += head_of(response, clock_, keep_alive_ ? "keep-alive" : "close",
                  response.status == 304 ? std::nullopt : std::optional(response.body.size()));
  if (!head_only_ && response.status != 304) out_ += response.body;
  enter(State::answering, kClientPatience);
  write_out();
}

void Connection::stream(const Response& head) {
  if (state_ != State::waiting) return;
  keep_alive_ = false;
  out_ += head_of(head, clock_, "close", std::nullopt);
  if (head_only_) {
    enter(State::answering, kClientPatience);
  } else {
    enter(State::streaming, kClientPatience);
    event_add(read_.get(), nullptr);  // to learn of its end
  }
  write_out();
}

void Connection::send_part(std::string_view part) {
  if (state_ != State::streaming) return;
  if (out_.size() - out_sent_ > kPartsWaiting) return close();
  const bool writing = !out_.empty();
  out_ += part;
  if (!writing) write_out();
}

void Connection::refuse(int status, std::string_view detail) {
  keep_alive_ = false;
  const Response response = problem(status, detail);
  if (state_ == State::body) events_.on_refused(std::exchange(request_, {}), response);
  state_ = State::waiting;
  answer(response);
}

void Connection::writable() {
  write_out();
}

void Connection::write_out() {
  while (out_sent_ < out_.size()) {
    const ssize_t count = send(fd_, out_.data() + out_sent_, out_.size() - out_sent_, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      event_add(write_.get(), nullptr);
      return;
    }
    if (count < 0) return close();
    out_sent_ += static_cast<std::size_t>(count);
    if (state_ == State::answering) patience_.after(kClientPatience);
  }
  event_del(write_.get());
  out_.clear();
  out_sent_ = 0;
  if (state_ == State::answering) return answered();
  if (state_ == State::streaming) patience_.after(kClientPatience);
}

void Connection::answered() {
  event_add(read_.get(), nullptr);
  if (!keep_alive_) {
    shutdown(fd_, SHUT_WR);
    return enter(State::lingering, kLinger);
  }
  enter(State::head, kClientPatience);
  if (!in_.empty()) parse();
}

}  // namespace larder::admin
