// SPDX-License-Identifier: MIT
#include "site_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "site_origin.h"

namespace larder::site {
namespace {

constexpr std::size_t kHeadBytes = 64 * 1024;

std::uint64_t number(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value, base);
  require(!text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size());
  return value;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return result;
}

struct Span {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// "bytes FIRST-LAST/SIZE"
Span content_range(std::string_view value) {
  require(value.starts_with("bytes "));
  value.remove_prefix(6);
  const auto dash = value.find('-');
  const auto slash = value.find('/');
  require(dash != std::string_view::npos && slash != std::string_view::npos && dash < slash);
  const Span span{number(value.substr(0, dash)), number(value.substr(dash + 1, slash - dash - 1))};
  require(span.first <= span.last && span.last < number(value.substr(slash + 1)));
  return span;
}

}  // namespace

Client::Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  require(socket_ >= 0 && connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  make_nonblocking(socket_);
}

Client::~Client() {
  if (socket_ >= 0) ::close(socket_);
}

void Client::ask(Ask ask, unsigned entrance) {
  const Thing& thing = *ask.thing;
  const std::string path = "/d/" + ask.token + thing.path;
  std::string target = path + "?source=" + thing.host;
  std::string host = "larder.example";
  if (entrance == 1) target = "http://" + thing.host + path;
  if (entrance == 3) target = path + "?cacheHostOrigin=" + thing.host;
  if (entrance == 2) target = path;
  if (entrance == 1 || entrance == 2) host = thing.host;
  out_ += ask.method + ' ' + target + " HTTP/1.1\r\nHost: " + host + "\r\n";
  if (!ask.range.empty()) out_ += "Range: " + ask.range + "\r\n";
  out_ += ask.condition;
  out_ += ask.method == "POST" ? "Content-Length: 5\r\n\r\nhello" : "\r\n";
  asked_.push_back(std::move(ask));
}

void Client::add_to(std::vector<pollfd>& set) const {
  if (socket_ < 0) return;
  set.push_back({socket_, static_cast<short>((held_ ? 0 : POLLIN) | (out_.empty() ? 0 : POLLOUT)), 0});
}

void Client::leave() {
  if (socket_ < 0) return;
  const linger at_once{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  cut_expected_ = true;
  // Larder may not have heard yet that the last answer came whole.
  if (!outcomes_.empty()) outcomes_.back().left = true;
  ended(false);
}

bool Client::work() {
  bool went_on = false;
  while (socket_ >= 0 && !out_.empty()) {
    const auto sent = send(socket_, out_.data(), out_.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN) {  // who is told so by send() is told of a clean end by recv()
        was_reset_ = true;
        out_.clear();
      }
      break;
    }
    out_.erase(0, static_cast<std::size_t>(sent));
    went_on = true;
  }
  std::array<char, 65536> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  while (socket_ >= 0 && !held_) {
    const auto got = recv(socket_, buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EAGAIN) break;
    went_on = true;
    if (got <= 0) {
      ended(got == 0 && !was_reset_);
      break;
    }
    in_.append(buffer.data(), static_cast<std::size_t>(got));
    while (take()) {
    }
  }
  return went_on;
}

// The connection is over: what was begun is cut off, never cleanly, and what was asked for has an answer unless Larder
// had said that it closes.
void Client::ended(bool cleanly) {
  ::close(socket_);
  socket_ = -1;
  if (in_body_) {
    require(!cleanly || cut_expected_);
    outcomes_.push_back({asked_.front(), status_, false, received_, false});
    asked_.pop_front();
  } else if (!asked_.empty()) {
    require(closes_ || cut_expected_ || !cleanly);
  }
  for (Ask& ask : asked_) outcomes_.push_back({std::move(ask), 0, false, 0, false});
  asked_.clear();
}

// One step through what has come; false when it takes more to go on.
bool Client::take() {
  if (!in_body_) return take_head();
  const std::size_t before = in_.size();
  take_body();
  return !in_body_ || in_.size() != before;
}

bool Client::take_head() {
  if (in_.empty()) return false;
  require(!asked_.empty());  // nobody answers what was not asked
  const auto end = in_.find("\r\n\r\n");
  require(end != std::string::npos || in_.size() < kHeadBytes);
  if (end == std::string::npos) return false;
  const std::string head = in_.substr(0, end + 2);
  in_.erase(0, end + 4);
  require(head.starts_with("HTTP/1.1 ") && head.size() > 13);
  status_ = static_cast<int>(number(std::string_view(head).substr(9, 3)));
  fields_.clear();
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const auto stop = head.find("\r\n", at);
    const std::string_view line = std::string_view(head).substr(at, stop - at);
    const auto colon = line.find(": ");
    require(colon != std::string_view::npos && colon > 0 &&
            line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    const std::string name = lower(line.substr(0, colon));
    const bool is_new = fields_.emplace(name, line.substr(colon + 2)).second;
    require(is_new ||
            (name != "content-length" && name != "transfer-encoding" && name != "content-range" && name != "etag"));
    at = stop + 2;
  }
  if (status_ < 200) return true;  // an interim answer
  check_head();
  return true;
}

const std::string* Client::field(const std::string& name) const {
  const auto found = fields_.find(name);
  return found == fields_.end() ? nullptr : &found->second;
}

void Client::check_head() {
  const Ask& ask = asked_.front();
  const auto* length = field("content-length");
  const auto* coding = field("transfer-encoding");
  require(!(length && coding));
  require(status_ != 304 || !ask.condition.empty());
  require(status_ != 206 || !ask.range.empty());
  require(field("date") != nullptr);
  const auto* connection = field("connection");
  if (connection && lower(*connection).find("close") != std::string::npos) closes_ = true;
  in_body_ = true;
  last_chunk_ = false;
  received_ = 0;
  left_ = 0;
  offset_ = 0;
  parts_.clear();
  const bool bare = ask.method == "HEAD" || status_ == 304 || status_ == 204;
  framing_ = bare ? Framing::none : coding ? Framing::chunked : Framing::length;
  require(framing_ != Framing::length || length != nullptr);
  if (framing_ == Framing::length) left_ = number(*length);
  compared_ = (status_ == 200 || status_ == 206) && ask.method == "GET";
  matches_ = ask.thing->versions;
  if (compared_ && status_ == 206 && field("content-range")) {
    const Span span = content_range(*field("content-range"));
    offset_ = span.first;
    require(framing_ != Framing::length || left_ == span.last - span.first + 1);
  }
}

void Client::take_body() {
  if (framing_ == Framing::chunked) return take_chunked();
  if (left_ > 0) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in_.size()));
    left_ -= count;
    body_bytes(std::string_view(in_).substr(0, count));
    in_.erase(0, count);
  }
  if (left_ == 0) finish();
}

void Client::take_chunked() {
  if (left_ == 0) {
    const auto end = in_.find("\r\n");
    if (end == std::string::npos) return;
    if (last_chunk_) {  // a trailer, or the end
      in_.erase(0, end + 2);
      if (end == 0) finish();
      return;
    }
    left_ = number(std::string_view(in_).substr(0, end), 16);
    in_.erase(0, end + 2);
    if (left_ == 0) {
      last_chunk_ = true;
      return;
    }
    left_ += 2;
  }
  // The line end behind the chunk comes in one piece with its last byte, or the chunk waits for it.
  const auto data = static_cast<std::size_t>(std::min<std::uint64_t>(left_ - 2, in_.size()));
  body_bytes(std::string_view(in_).substr(0, data));
  in_.erase(0, data);
  left_ -= data;
  if (left_ == 2 && in_.size() >= 2) {
    require(in_.starts_with("\r\n"));
    in_.erase(0, 2);
    left_ = 0;
  }
}

void Client::body_bytes(std::string_view bytes) {
  const std::uint64_t at = received_;
  received_ += bytes.size();
  if (!compared_) return;
  if (status_ == 206 && !field("content-range")) {
    parts_ += bytes;
  } else {
    compare(offset_ + at, bytes);
  }
}

// The versions that all bytes so far are of; there is one.
void Client::compare(std::uint64_t offset, std::string_view bytes) {
  // A version may have come since the head, but none of its bytes may.
  std::erase_if(matches_, [&](const Version& version) {
    const auto all = version.bytes();
    return offset + bytes.size() > all.size() ||
           !std::equal(bytes.begin(), bytes.end(), all.begin() + static_cast<std::ptrdiff_t>(offset));
  });
  require(!matches_.empty());
}

void Client::finish() {
  in_body_ = false;
  if (compared_ && status_ == 206 && !field("content-range")) finish_parts();
  if (compared_ && status_ == 200) {
    std::erase_if(matches_, [&](const Version& version) { return version.size != received_; });
    require(!matches_.empty());
  }
  const Version& now = asked_.front().thing->now();
  const bool of_now = compared_ && std::any_of(matches_.begin(), matches_.end(), [&](const Version& version) {
                        return version.size == now.size && version.number == now.number;
                      });
  outcomes_.push_back({asked_.front(), status_, true, received_, of_now});
  asked_.pop_front();
}

void Client::finish_parts() {
  const auto* type = field("content-type");
  require(type && type->starts_with("multipart/byteranges; boundary="));
  std::string boundary = type->substr(std::strlen("multipart/byteranges; boundary="));
  std::erase(boundary, '"');
  boundary.insert(0, "--");
  std::string_view rest = parts_;
  std::size_t count = 0;
  for (;;) {
    if (rest.starts_with("\r\n")) rest.remove_prefix(2);
    require(rest.starts_with(boundary));
    rest.remove_prefix(boundary.size());
    if (rest.starts_with("--")) break;
    const auto end = rest.find("\r\n\r\n");
    require(end != std::string_view::npos);
    const std::string head = lower(rest.substr(0, end + 2));
    const auto at = head.find("content-range: ");
    require(at != std::string::npos);
    const auto value = at + std::strlen("content-range: ");
    const Span span = content_range(std::string_view(head).substr(value, head.find("\r\n", value) - value));
    const std::uint64_t length = span.last - span.first + 1;
    require(rest.size() >= end + 4 + length);
    compare(span.first, rest.substr(end + 4, length));
    rest.remove_prefix(end + 4 + length);
    ++count;
  }
  require(count > 1);
}

}  // namespace larder::site
