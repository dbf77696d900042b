// SPDX-License-Identifier: MIT
#include "site.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "config/load.h"

namespace larder::admin {

std::string Answer::field(std::string_view name) const {
  for (auto line : split(head, '\n')) {
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) {
      return std::string(trim(line.substr(colon + 1)));
    }
  }
  return {};
}

Client::Client(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(port);
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(connect(fd_, reinterpret_cast<const sockaddr*>(&in), sizeof in) == 0);
  const timeval patience{10, 0};  // a defect ends the test rather than hanging it
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

Client::~Client() {
  close(fd_);
}

void Client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // the server may have closed already; the answer tells
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

bool Client::read_more() {
  std::array<char, 65536> bytes{};
  const ssize_t count = recv(fd_, bytes.data(), bytes.size(), 0);
  if (count > 0) buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return count > 0;
}

Answer Client::read_answer(std::string_view method) {
  Answer answer;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!read_more()) return answer;
  }
  answer.head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  answer.status = std::stoi(answer.head.substr(9, 3));
  if (method == "HEAD" || answer.status < 200) return answer;
  if (answer.status == 304 || answer.field("Content-Type") == "text/event-stream") return answer;
  const std::size_t length = std::stoul(answer.field("Content-Length"));
  while (buffer_.size() < length) REQUIRE(read_more());
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

std::string Client::read_until(std::string_view end) {
  while (buffer_.find(end) == std::string::npos) {
    if (!read_more()) return std::exchange(buffer_, {});
  }
  const auto size = buffer_.find(end) + end.size();
  std::string text = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return text;
}

bool Client::closed_by_server() {
  while (read_more()) {
  }
  return buffer_.empty();
}

std::shared_ptr<const config::Config> config_of(const std::string& text) {
  const auto loaded = config::load_text("listen.admin = [\"127.0.0.1:0\"]\n" + text, "test.toml");
  for (const auto& problem : loaded.problems) UNSCOPED_INFO(problem.text());
  REQUIRE(loaded.config != nullptr);
  return loaded.config;
}

Site::Site(const std::string& config_text) : config_(config_of(config_text)) {
  live.version = "0.1.0";
  live.started = clock.now() - std::chrono::hours(1);
  std::string name = (std::filesystem::temp_directory_path() / "larder-admin-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  directory = name;
}

Site::~Site() {
  server_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
}

AdminServer& Site::server() {
  if (server_ == nullptr) {
    Sources sources{store,
                    ledger,
                    clock,
                    [this] { return std::make_unique<FakeReader>(objects); },
                    [this] { return live; },
                    [this] { return knowledge; },
                    [this] { return ready.load(); }};
    sources.probe = probe;
    sources.audit = directory / "audit.jsonl";
    auto started = AdminServer::start(sources, config_);
    REQUIRE(started);
    server_ = std::move(*started);
  }
  return *server_;
}

Answer Site::get(const std::string& target, const std::string& extra_fields) {
  return ask("GET", target, extra_fields, "");
}

Answer Site::post(const std::string& target, const std::string& body, const std::string& extra_fields) {
  return ask("POST", target, extra_fields, body);
}

Answer Site::ask(const std::string& method, const std::string& target, const std::string& extra_fields,
                 const std::string& body) {
  Client client(port());
  const bool own_host = extra_fields.find("Host:") != std::string::npos;
  client.send(method + " " + target + " HTTP/1.1\r\n" + (own_host ? "" : "Host: 127.0.0.1\r\n") + extra_fields +
              (body.empty() ? "" : "Content-Length: " + std::to_string(body.size()) + "\r\n") + "\r\n" + body);
  return client.read_answer(method);
}

}  // namespace larder::admin
