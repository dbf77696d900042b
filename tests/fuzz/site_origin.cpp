// SPDX-License-Identifier: MIT
#include "site_origin.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>
#include <optional>
#include <tuple>

namespace larder::site {
namespace {

constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr int kBacklog = 64;

std::string field_of(std::string_view head, std::string_view name) {
  std::string lower(head);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
  });
  const auto at = lower.find("\r\n" + std::string(name) + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + 2 + name.size() + 2;
  return std::string(head.substr(begin, head.find("\r\n", begin) - begin));
}

std::uint64_t number_in(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct Span {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  bool satisfiable = false;
};

// One range; of several none, which leaves the whole.
std::optional<Span> range_of(std::string_view value, std::uint64_t size) {
  if (!value.starts_with("bytes=") || value.find(',') != std::string_view::npos) return std::nullopt;
  value.remove_prefix(6);
  const auto dash = value.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto last = value.substr(dash + 1);
  Span span;
  if (dash == 0) {
    const std::uint64_t length = std::min(number_in(last), size);
    span = {size - length, size, length > 0};
  } else {
    span.first = number_in(value.substr(0, dash));
    span.end = last.empty() ? size : std::min(size, number_in(last) + 1);
    span.satisfiable = span.first < span.end;
  }
  return span;
}

}  // namespace

void make_nonblocking(int socket) {
  require(fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK) == 0);
}

std::pair<int, std::uint16_t> listen_somewhere() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  require(socket >= 0 && bind(socket, generic, length) == 0 && listen(socket, kBacklog) == 0);
  require(getsockname(socket, generic, &length) == 0);
  return {socket, ntohs(address.sin_port)};
}

Origin::Origin(std::array<Thing, kThings>& things, const Clock& clock) : things_(things), clock_(clock) {
  std::tie(listener_, port_) = listen_somewhere();
}

Origin::~Origin() {
  drop_all();
  ::close(listener_);
}

void Origin::add_to(std::vector<pollfd>& set) const {
  set.push_back({listener_, POLLIN, 0});
  for (const Conversation& conversation : conversations_) {
    const bool stalls = conversation.then == FaultKind::stall && conversation.sent >= conversation.breaks_at;
    const bool writes = conversation.answering && !(stalls && conversation.head.empty());
    set.push_back({conversation.socket, static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN), 0});
  }
}

void Origin::accept_all() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket < 0) return;
    const int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    conversations_.emplace_back().socket = socket;
  }
}

bool Origin::work() {
  const std::size_t before = conversations_.size();
  accept_all();
  bool went_on = conversations_.size() != before;
  for (Conversation& conversation : conversations_) {
    went_on |= read(conversation);
    if (conversation.socket >= 0) went_on |= write(conversation);
  }
  conversations_.remove_if([](const Conversation& conversation) { return conversation.socket < 0; });
  return went_on;
}

void Origin::clear_up() {
  for (Thing& thing : things_) thing.faults.clear();
  for (Conversation& conversation : conversations_) {
    if (conversation.then == FaultKind::stall) conversation.breaks_at = kNever;
  }
}

void Origin::drop_all() {
  for (Conversation& conversation : conversations_) close(conversation, false);
  conversations_.clear();
}

void Origin::close(Conversation& conversation, bool cleanly) {
  if (!cleanly) {
    const linger at_once{1, 0};
    setsockopt(conversation.socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  ::close(conversation.socket);
  conversation.socket = -1;
}

bool Origin::read(Conversation& conversation) {
  std::array<char, 16384> buffer;  // NOLINT(cppcoreguidelines-pro-type-member-init): written before it is read
  bool went_on = false;
  for (;;) {
    const auto got = recv(conversation.socket, buffer.data(), buffer.size(), 0);
    if (got < 0) {
      if (errno == EAGAIN) break;
      close(conversation, true);
      return true;
    }
    if (got == 0) {
      close(conversation, true);
      return true;
    }
    conversation.in.append(buffer.data(), static_cast<std::size_t>(got));
    went_on = true;
  }
  if (conversation.answering) return went_on;
  const auto end = conversation.in.find("\r\n\r\n");
  if (end == std::string::npos) return went_on;
  const std::string head = conversation.in.substr(0, end + 2);
  const std::uint64_t body = number_in(field_of(head, "content-length"));
  if (conversation.in.size() < end + 4 + body) return went_on;
  conversation.in.erase(0, end + 4 + body);
  answer(conversation, head);
  return true;
}

bool Origin::write(Conversation& conversation) {
  bool went_on = false;
  while (conversation.answering) {
    std::string_view next = conversation.head;
    if (next.empty()) {
      const std::uint64_t end = std::min<std::uint64_t>(conversation.body.size(), conversation.breaks_at);
      if (conversation.sent < end) {
        next = {conversation.body.data() + conversation.sent, end - conversation.sent};
      } else if (conversation.then != FaultKind::none && conversation.breaks_at != kNever) {
        if (conversation.then == FaultKind::stall) return went_on;
        close(conversation, conversation.then == FaultKind::truncate);
        return true;
      } else {
        next = conversation.tail;
      }
    }
    if (next.empty()) {
      conversation.answering = false;
      if (conversation.ends) close(conversation, true);
      return true;
    }
    const auto sent = send(conversation.socket, next.data(), next.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) return went_on;
      close(conversation, true);
      return true;
    }
    went_on = true;
    const auto count = static_cast<std::size_t>(sent);
    if (!conversation.head.empty()) {
      conversation.head.erase(0, count);
    } else if (conversation.sent < conversation.body.size()) {
      conversation.sent += count;
    } else {
      conversation.tail.erase(0, count);
    }
  }
  return went_on;
}

std::string Origin::fields(const Thing& thing, const Version& version) const {
  std::string text = "Date: " + to_http_date(clock_.now()) + "\r\nContent-Type: application/octet-stream\r\n";
  if (!thing.cache_control.empty()) text += "Cache-Control: " + thing.cache_control + "\r\n";
  if (!version.etag.empty()) text += "ETag: " + version.etag + "\r\n";
  if (!version.last_modified.empty()) text += "Last-Modified: " + version.last_modified + "\r\n";
  return text;
}

void Origin::answer(Conversation& conversation, std::string_view head) {
  conversation.answering = true;
  conversation.head.clear();
  conversation.tail.clear();
  conversation.body = {};
  conversation.sent = 0;
  conversation.breaks_at = kNever;
  conversation.then = FaultKind::none;
  const auto first = head.find(' ');
  const std::string_view target = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
  const std::string host = field_of(head, "host");
  const auto thing = std::find_if(things_.begin(), things_.end(),
                                  [&](const Thing& one) { return one.path == target && one.host == host; });
  const Asked asked{std::string(head.substr(0, first)), field_of(head, "range"), field_of(head, "if-range"),
                    field_of(head, "if-none-match"), field_of(head, "if-modified-since")};
  if (thing == things_.end()) {
    conversation.head = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
  } else if (asked.method != "GET" && asked.method != "HEAD") {
    conversation.head = "HTTP/1.1 204 No Content\r\n\r\n";
  } else {
    ++thing->asked;
    answer_with(conversation, *thing, asked);
  }
}

void Origin::answer_with(Conversation& conversation, Thing& thing, const Asked& asked) {
  Fault fault;
  if (!thing.faults.empty()) {
    fault = thing.faults.front();
    thing.faults.pop_front();
  }
  const Version& version = thing.now();
  const std::uint64_t size = version.size;
  if (fault.kind == FaultKind::status || fault.kind == FaultKind::rubbish) return answer_wrongly(conversation, fault);
  const std::string described = fields(thing, version);
  const bool same = asked.if_none_match.empty()
                        ? !version.last_modified.empty() && asked.if_modified_since == version.last_modified
                        : !version.etag.empty() && asked.if_none_match.find(version.etag) != std::string::npos;
  if (same) {
    conversation.head = "HTTP/1.1 304 Not Modified\r\n" + described + "\r\n";
    return;
  }
  auto span = asked.range.empty() ? std::nullopt : range_of(asked.range, size);
  const bool goes_on = asked.if_range.empty() || asked.if_range == version.last_modified ||
                       (asked.if_range == version.etag && asked.if_range.starts_with('"'));
  if (!goes_on || fault.kind == FaultKind::ignore_range) span.reset();
  if (span && !span->satisfiable) {
    conversation.head = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */" + std::to_string(size) +
                        "\r\nContent-Length: 0\r\n\r\n";
    return;
  }
  const std::uint64_t more = fault.kind == FaultKind::wrong_length ? 1 + fault.at % 100 : 0;
  std::uint64_t first = span ? span->first : 0;
  std::uint64_t end = span ? span->end : size;
  std::string head = span ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n";
  head += described;
  conversation.body = version.bytes().subspan(first, end - first);
  if (fault.kind == FaultKind::another_range && span) {
    first = first > 0 ? first - 1 : first + 1;
    end = first + conversation.body.size();
  }
  if (span) {
    head += "Content-Range: bytes " + std::to_string(first) + '-' + std::to_string(end - 1 + more) + '/' +
            std::to_string(size + more) + "\r\n";
  }
  if (asked.method == "HEAD") {
    conversation.body = {};
    conversation.head = head + "Content-Length: " + std::to_string(end - first) + "\r\n\r\n";
    return;
  }
  if (fault.kind == FaultKind::chunked && !conversation.body.empty()) {
    std::array<char, 16> digits{};
    const auto text = std::to_chars(digits.data(), digits.data() + digits.size(), conversation.body.size(), 16);
    head += "Transfer-Encoding: chunked\r\n\r\n" + std::string(digits.data(), text.ptr) + "\r\n";
    conversation.tail = "\r\n0\r\n\r\n";
  } else if (fault.kind == FaultKind::no_length) {
    head += "Connection: close\r\n\r\n";
    conversation.ends = true;
  } else {
    head += "Content-Length: " + std::to_string(end - first + more) + "\r\n\r\n";
  }
  if (more > 0) conversation.ends = true;
  if (fault.kind == FaultKind::surplus) conversation.tail = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong";
  if (fault.kind == FaultKind::pieces)
    head = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + head;
  if (fault.kind == FaultKind::reset || fault.kind == FaultKind::truncate || fault.kind == FaultKind::stall) {
    conversation.then = fault.kind;
    conversation.breaks_at = conversation.body.empty() ? 0 : fault.at % conversation.body.size();
  }
  conversation.head = head;
}

void Origin::answer_wrongly(Conversation& conversation, const Fault& fault) {
  constexpr std::array<const char*, 9> kErrors{"400 Bad Request", "403 Forbidden",   "404 Not Found",
                                               "410 Gone",        "429 Too Many",    "500 Internal Server Error",
                                               "502 Bad Gateway", "503 Unavailable", "302 Found"};
  constexpr std::array<const char*, 8> kRubbish{
      "",
      "ICY 200 OK\r\n\r\nx",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 206 Partial Content\r\nContent-Length: 2\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\n folded: line\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\n\r\n"};
  conversation.ends = true;
  if (fault.kind == FaultKind::rubbish) {
    conversation.head = kRubbish.at(fault.at % kRubbish.size());
    return;
  }
  conversation.head = std::string("HTTP/1.1 ") + kErrors.at(fault.at % kErrors.size()) +
                      "\r\nConnection: close\r\nContent-Length: 3\r\n";
  if (fault.at % 2 == 1) conversation.head += "Retry-After: 1\r\n";
  conversation.head += "ETag: \"error\"\r\n\r\nno\n";
}

}  // namespace larder::site
