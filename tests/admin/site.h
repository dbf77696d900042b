// SPDX-License-Identifier: MIT
// Site: a real AdminServer on an ephemeral port over fake rooms, and a client that speaks plain HTTP to it. The server
// starts with the first use, so what a test sets before needs no lock.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "admin/server.h"
#include "fake_rooms.h"

namespace larder::admin {

struct Answer {
  int status = 0;
  std::string head;
  std::string body;
  std::string field(std::string_view name) const;  // "" when absent
};

// One blocking connection.
class Client {
 public:
  explicit Client(std::uint16_t port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view bytes);
  Answer read_answer(std::string_view method = "GET");  // of a live view the head alone
  std::string read_until(std::string_view end);         // with `end`; what there is when the server ends before
  bool closed_by_server();                              // waits for the end

 private:
  bool read_more();

  int fd_;
  std::string buffer_;
};

std::shared_ptr<const config::Config> config_of(const std::string& text);

class Site {
 public:
  explicit Site(const std::string& config_text = "");
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  Answer get(const std::string& target, const std::string& extra_fields = "");
  Answer post(const std::string& target, const std::string& body, const std::string& extra_fields = "");
  Answer ask(const std::string& method, const std::string& target, const std::string& extra_fields,
             const std::string& body);

  AdminServer& server();
  void stop() { server_.reset(); }
  std::uint16_t port() { return server().listening().at(0).port; }
  std::string url() { return "http://127.0.0.1:" + std::to_string(port()); }

  ManualClock clock{WallTime(std::chrono::seconds(1'786'979'045))};  // 2026-08-17T15:04:05Z
  FakeStore store;
  FakeLedger ledger;
  std::vector<cache::ObjectPtr> objects;
  LiveStatus live;
  std::shared_ptr<const updates::Knowledge> knowledge = updates::Knowledge::empty();
  std::atomic<bool> ready{true};
  std::filesystem::path directory;  // its own, gone with it
  std::function<std::vector<proxy::Probed>(const std::vector<std::string>&, std::chrono::milliseconds)> probe;

 private:
  std::shared_ptr<const config::Config> config_;
  std::unique_ptr<AdminServer> server_;
};

}  // namespace larder::admin
