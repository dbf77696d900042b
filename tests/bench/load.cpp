// SPDX-License-Identifier: MIT
// bench_load: many clients of one HTTP server in one thread, as cheap as clients can be. Bodies are thrown away inside
// the kernel (recv with MSG_TRUNC), so that what is measured is the server. Says what it saw as one line of JSON.
//
// All connections are made before the first request is sent; then all ask at once. A client asks again on the same
// connection until the requests or the seconds are used up; an answer under way when the time is over is not waited
// for. With --hold the connections then stay open and quiet; "held" on standard error says that they do.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Time = std::chrono::steady_clock::time_point;
using std::chrono::duration;

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::vector<std::string> targets;
  std::string host = "origin.bench";
  std::string range;               // of every request, such as "0-99"
  std::uint64_t random_range = 0;  // bytes of a random range instead
  std::uint64_t object_bytes = 0;  // of the object the random ranges are of
  unsigned clients = 1;
  std::uint64_t requests = 0;  // all clients together; 0: no limit
  double seconds = 0;          // 0: no limit
  double hold = 0;             // seconds that the connections stay open after that
  std::uint64_t rate = 0;      // bytes a second each client reads; 0: as fast as it can
  int receive_buffer = 0;      // SO_RCVBUF; 0: the kernel's
  double pace = 0;             // requests a second of all clients together; 0: as fast as they are answered
  bool any_status = false;     // a refusal is an answer like another
};

struct Client {
  int fd = -1;
  std::size_t number = 0;
  std::string head;  // of the answer, as far as it has come
  bool in_body = false;
  bool asking = false;
  bool paused = false;           // reads no more until its rate allows
  std::uint64_t left = 0;        // of the body
  std::uint64_t body_bytes = 0;  // all answers together
  std::uint64_t rated_bytes = 0;
  Time asked;
  Time began;
  bool first_byte_seen = false;
};

struct Seen {
  std::uint64_t requests = 0, bytes = 0, failed = 0;
  std::uint64_t least_bytes = 0, most_bytes = 0;  // of a client
  double seconds = 0;
  std::vector<double> first_byte_ms, whole_ms;
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options), random_(1), poll_(epoll_create1(0)) {}
  ~Load() {
    for (const Client& client : clients_) close(client.fd);
    close(poll_);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  Seen run();

 private:
  bool connect_all();
  void ask(Client& client);
  void readable(Client& client);
  bool read_head(Client& client);
  void answered(Client& client);
  void lost(Client& client);
  bool over_rate(Client& client, Time now) const;
  void watch(Client& client, bool wanted);
  void resume_paused();
  void ask_due();
  bool out_of_time() const { return options_.seconds > 0 && elapsed() >= options_.seconds; }
  double elapsed() const { return duration<double>(std::chrono::steady_clock::now() - began_).count(); }

  const Options& options_;
  std::mt19937_64 random_;
  int poll_;
  std::vector<Client> clients_;
  std::vector<Client*> resting_;  // until the pace allows their next request
  std::vector<char> buffer_ = std::vector<char>(1 << 20);
  std::uint64_t asked_ = 0;
  std::size_t active_ = 0;
  Time began_;
  Seen seen_;
};

bool Load::connect_all() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options_.port);
  if (inet_pton(AF_INET, options_.address.c_str(), &address.sin_addr) != 1) return false;
  clients_.resize(options_.clients);
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = clients_[i];
    client.number = i;
    client.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (options_.receive_buffer > 0) {
      setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &options_.receive_buffer, sizeof options_.receive_buffer);
    }
    if (connect(client.fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      std::perror("bench_load: connect");
      return false;
    }
    const int on = 1;
    setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    epoll_ctl(poll_, EPOLL_CTL_ADD, client.fd, &event);
  }
  return true;
}

void Load::watch(Client& client, bool wanted) {
  epoll_event event{};
  event.events = wanted ? static_cast<std::uint32_t>(EPOLLIN) : 0;
  event.data.u64 = client.number;
  epoll_ctl(poll_, EPOLL_CTL_MOD, client.fd, &event);
  client.paused = !wanted;
}

void Load::ask(Client& client) {
  if ((options_.requests > 0 && asked_ >= options_.requests) || out_of_time()) {
    if (client.asking) --active_;
    client.asking = false;
    return;
  }
  const std::string& target =
      options_.targets[static_cast<std::size_t>(asked_ + client.number) % options_.targets.size()];
  std::string request = "GET " + target + " HTTP/1.1\r\nHost: " + options_.host + "\r\n";
  if (options_.random_range > 0) {
    const std::uint64_t start = random_() % (options_.object_bytes - options_.random_range);
    request +=
        "Range: bytes=" + std::to_string(start) + "-" + std::to_string(start + options_.random_range - 1) + "\r\n";
  } else if (!options_.range.empty()) {
    request += "Range: bytes=" + options_.range + "\r\n";
  }
  request += "\r\n";
  ++asked_;
  client.asked = std::chrono::steady_clock::now();
  client.first_byte_seen = client.in_body = false;
  client.head.clear();
  if (!client.asking) ++active_;
  client.asking = true;
  if (send(client.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    lost(client);
}

void Load::lost(Client& client) {
  ++seen_.failed;
  if (client.asking) --active_;
  client.asking = false;
  epoll_ctl(poll_, EPOLL_CTL_DEL, client.fd, nullptr);
}

void Load::answered(Client& client) {
  seen_.whole_ms.push_back(duration<double, std::milli>(std::chrono::steady_clock::now() - client.asked).count());
  ++seen_.requests;
  if (options_.pace > 0) {
    client.in_body = false;
    resting_.push_back(&client);
  } else {
    ask(client);
  }
}

void Load::ask_due() {
  while (!resting_.empty() && static_cast<double>(asked_) < elapsed() * options_.pace) {
    Client* client = resting_.back();
    resting_.pop_back();
    ask(*client);
  }
}

bool Load::over_rate(Client& client, Time now) const {
  return options_.rate > 0 && static_cast<double>(client.rated_bytes) >
                                  duration<double>(now - client.began).count() * static_cast<double>(options_.rate);
}

// Takes the head's bytes, which may bring some of the body along. False when nothing more can be done now.
bool Load::read_head(Client& client) {
  const ssize_t got = recv(client.fd, buffer_.data(), 16384, MSG_DONTWAIT);
  if (got <= 0) {
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) lost(client);
    return false;
  }
  client.head.append(buffer_.data(), static_cast<std::size_t>(got));
  const std::size_t end = client.head.find("\r\n\r\n");
  if (end == std::string::npos) return true;
  std::string lower = client.head.substr(0, end + 2);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::size_t length = lower.find("\r\ncontent-length: ");
  const bool good = options_.any_status || lower.starts_with("http/1.1 200") || lower.starts_with("http/1.1 206");
  if (!good || length == std::string::npos) {
    if (seen_.failed == 0)
      std::fprintf(stderr, "bench_load: unexpected answer:\n%s\n", client.head.substr(0, end).c_str());
    lost(client);
    return false;
  }
  std::from_chars(lower.data() + length + 18, lower.data() + lower.size(), client.left);
  client.in_body = true;
  const std::uint64_t along = std::min<std::uint64_t>(client.head.size() - end - 4, client.left);
  if (along > 0 || client.left == 0) {
    client.first_byte_seen = true;
    seen_.first_byte_ms.push_back(
        duration<double, std::milli>(std::chrono::steady_clock::now() - client.asked).count());
  }
  client.left -= along;
  client.body_bytes += along;
  client.rated_bytes += along;
  return true;
}

void Load::readable(Client& client) {
  // A few reads a turn, so that one fast answer does not starve the other clients.
  for (int turn = 0; turn < 8; ++turn) {
    if (!client.asking) {  // the server's close of an idle connection
      epoll_ctl(poll_, EPOLL_CTL_DEL, client.fd, nullptr);
      return;
    }
    if (!client.in_body) {
      if (!read_head(client)) return;
      if (client.in_body && client.left == 0) answered(client);
      continue;
    }
    if (over_rate(client, std::chrono::steady_clock::now())) {
      watch(client, false);
      return;
    }
    const std::size_t most = options_.rate > 0 ? std::size_t{65536} : buffer_.size();
    const ssize_t got =
        recv(client.fd, buffer_.data(), std::min<std::uint64_t>(client.left, most), MSG_DONTWAIT | MSG_TRUNC);
    if (got <= 0) {
      if (got == 0 || (errno != EAGAIN && errno != EINTR)) lost(client);
      return;
    }
    if (!client.first_byte_seen) {
      client.first_byte_seen = true;
      seen_.first_byte_ms.push_back(
          duration<double, std::milli>(std::chrono::steady_clock::now() - client.asked).count());
    }
    client.left -= static_cast<std::uint64_t>(got);
    client.body_bytes += static_cast<std::uint64_t>(got);
    client.rated_bytes += static_cast<std::uint64_t>(got);
    if (client.left == 0) answered(client);
  }
}

void Load::resume_paused() {
  const Time now = std::chrono::steady_clock::now();
  for (Client& client : clients_) {
    if (client.paused && !over_rate(client, now)) watch(client, true);
  }
}

Seen Load::run() {
  if (!connect_all()) {
    seen_.failed = options_.clients;
    return seen_;
  }
  began_ = std::chrono::steady_clock::now();
  for (Client& client : clients_) {
    client.began = began_;
    if (options_.pace > 0) {
      client.asking = true;
      ++active_;
      resting_.push_back(&client);
    } else {
      ask(client);
    }
  }
  std::array<epoll_event, 256> events{};
  Time resumed = began_;
  while (active_ > 0 && !out_of_time()) {
    const int patience_ms = options_.pace > 0 ? 1 : options_.rate > 0 ? 5 : 100;
    const int count = epoll_wait(poll_, events.data(), static_cast<int>(events.size()), patience_ms);
    for (int i = 0; i < count; ++i) readable(clients_[events.at(static_cast<std::size_t>(i)).data.u64]);
    if (options_.pace > 0) ask_due();
    if (options_.rate > 0 && std::chrono::steady_clock::now() - resumed > std::chrono::milliseconds(5)) {
      resume_paused();
      resumed = std::chrono::steady_clock::now();
    }
  }
  seen_.seconds = elapsed();
  if (options_.hold > 0) {
    std::fputs("held\n", stderr);
    std::this_thread::sleep_for(duration<double>(options_.hold));
  }
  seen_.least_bytes = UINT64_MAX;
  for (const Client& client : clients_) {
    seen_.bytes += client.body_bytes;
    seen_.least_bytes = std::min(seen_.least_bytes, client.body_bytes);
    seen_.most_bytes = std::max(seen_.most_bytes, client.body_bytes);
  }
  return seen_;
}

std::string percentiles(std::vector<double> values) {
  if (values.empty()) return "null";
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
  };
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(), R"({"min": %.3f, "p50": %.3f, "p90": %.3f, "p99": %.3f, "max": %.3f})",
                values.front(), at(0.5), at(0.9), at(0.99), values.back());
  return text.data();
}

void print(const Seen& seen) {
  std::printf(R"({"requests": %llu, "bytes": %llu, "failed": %llu, "seconds": %.6f, "client_bytes_least": %llu, )"
              R"("client_bytes_most": %llu, "first_byte_ms": %s, "whole_ms": %s})"
              "\n",
              static_cast<unsigned long long>(seen.requests), static_cast<unsigned long long>(seen.bytes),
              static_cast<unsigned long long>(seen.failed), seen.seconds,
              static_cast<unsigned long long>(seen.least_bytes), static_cast<unsigned long long>(seen.most_bytes),
              percentiles(seen.first_byte_ms).c_str(), percentiles(seen.whole_ms).c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Many clients of one HTTP server; prints what they saw as JSON");
  app.add_option("--port", options.port, "Port of the server")->required();
  app.add_option("--address", options.address, "IPv4 address of the server");
  app.add_option("--target", options.targets, "What to ask for; several are asked for in turn")->required();
  app.add_option("--host", options.host, "Host field");
  app.add_option("--range", options.range, "Range of every request, such as 0-99");
  app.add_option("--random-range", options.random_range, "Bytes of a random range for each request");
  app.add_option("--object-bytes", options.object_bytes, "Size of the object that random ranges are of");
  app.add_option("--clients", options.clients, "Connections");
  app.add_option("--requests", options.requests, "Requests of all clients together");
  app.add_option("--seconds", options.seconds, "How long");
  app.add_option("--hold", options.hold, "Seconds the connections stay open and quiet afterwards");
  app.add_option("--rate", options.rate, "Bytes a second each client reads");
  app.add_option("--pace", options.pace, "Requests a second of all clients together, at most");
  app.add_flag("--any-status", options.any_status, "A refusal is an answer like another");
  app.add_option("--receive-buffer", options.receive_buffer, "SO_RCVBUF of each client");
  CLI11_PARSE(app, argc, argv);
  if (options.requests == 0 && options.seconds <= 0) {
    std::fprintf(stderr, "bench_load: say how much, with --requests or --seconds\n");
    return 2;
  }
  if (options.random_range >= options.object_bytes && options.random_range > 0) {
    std::fprintf(stderr, "bench_load: a random range must be smaller than the object\n");
    return 2;
  }
  const Seen seen = Load(options).run();
  print(seen);
  return seen.failed > 0 ? 1 : 0;
}
