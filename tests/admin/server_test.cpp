// SPDX-License-Identifier: MIT
// The administration's HTTP: connections, limits, and that nothing slow delays what must not wait.
#include <catch2/catch.hpp>

#include "admin/limits.h"
#include "admin/routes.h"
#include "site.h"

using namespace larder;
using namespace larder::admin;

TEST_CASE("larderd is alive at once and ready when clients are served") {
  Site site;
  site.ready = false;
  CHECK(site.get("/healthz").status == 200);
  CHECK(site.get("/readyz").status == 503);
  site.ready = true;
  CHECK(site.get("/readyz").status == 200);
  CHECK(site.get("/readyz").body == "ready\n");
}

TEST_CASE("a slow report delays neither health nor the answers of others") {
  Site site;
  site.ledger.hold();
  Client slow(site.port());
  Client slower(site.port());
  const std::string ask = "GET /api/v1/reports/summary HTTP/1.1\r\nHost: localhost\r\n\r\n";
  slow.send(ask);
  site.ledger.wait_for_waiting(1);
  CHECK(site.get("/api/v1/status").status == 200);
  slower.send(ask);
  site.ledger.wait_for_waiting(2);
  CHECK(site.get("/healthz").status == 200);
  site.ledger.release();
  CHECK(slow.read_answer().status == 200);
  CHECK(slower.read_answer().status == 200);
}

TEST_CASE("more requests than may wait are told to come back") {
  Site site;
  site.ledger.hold();
  std::vector<std::unique_ptr<Client>> clients;
  const std::string ask = "GET /api/v1/reports/summary HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const auto add = [&] {
    clients.push_back(std::make_unique<Client>(site.port()));
    clients.back()->send(ask);
  };
  for (unsigned i = 0; i < kWorkers; ++i) add();
  site.ledger.wait_for_waiting(kWorkers);
  for (std::size_t i = 0; i <= kWaiting; ++i) add();
  // One of the waiting ones is too many; which depends on the order of the connections.
  Client refused(site.port());
  refused.send(ask);
  const Answer answer = refused.read_answer();
  CHECK(answer.status == 503);
  CHECK(answer.field("Retry-After") == "1");
  site.ledger.release();
  int good = 0;
  for (const auto& client : clients) good += client->read_answer().status == 200 ? 1 : 0;
  CHECK(good >= static_cast<int>(kWaiting));
}

TEST_CASE("who asks too often waits for being told so, and keeps nobody out") {
  Site site;
  while (site.get("/api/v1/status").status == 200) {
  }
  const std::string ask = "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::vector<std::unique_ptr<Client>> clients;
  const auto add = [&] {
    clients.push_back(std::make_unique<Client>(site.port()));
    clients.back()->send(ask);
  };
  SECTION("each a little later than the one before") {
    constexpr int kClients = 50;
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < kClients; ++i) add();
    for (const auto& client : clients) CHECK(client->read_answer().status == 429);
    CHECK(std::chrono::steady_clock::now() - began >= kRefusalGap * (kClients - 5));
  }
  SECTION("as many as there may be, and one more") {
    for (std::size_t i = 0; i < kConnections; ++i) add();
    CHECK(site.get("/healthz").status == 200);
  }
  SECTION("gone before its turn") {
    for (int i = 0; i < 20; ++i) add();
    clients.clear();
    CHECK(site.get("/api/v1/status").status == 429);
    CHECK(site.get("/healthz").status == 200);
  }
}

TEST_CASE("a connection is kept for the next request") {
  Site site;
  Client client(site.port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const Answer answer = client.read_answer();
    CHECK(answer.status == 200);
    CHECK(answer.field("Connection") == "keep-alive");
  }
  client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  CHECK(client.read_answer().field("Connection") == "close");
  CHECK(client.closed_by_server());
}

TEST_CASE("requests sent ahead are answered in order") {
  Site site;
  Client client(site.port());
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  requests += "GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\nGET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  client.send(requests);
  for (int i = 0; i < 500; ++i) REQUIRE(client.read_answer().body == "ok\n");
  CHECK_THAT(client.read_answer().body, Catch::Contains("uptime_seconds"));
  CHECK(client.read_answer().body == "ready\n");
}

TEST_CASE("a request may arrive byte by byte") {
  Site site;
  Client client(site.port());
  const std::string request =
      "POST /api/v1/cache/pin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16\r\n\r\n{\"url\":\"http://a\"";
  for (const char c : request.substr(0, request.size() - 1)) client.send(std::string_view(&c, 1));
  client.send("}");
  CHECK(client.read_answer().status == 400);  // 16 bytes end before the object does
  CHECK(site.store.orders().empty());
}

TEST_CASE("HEAD is GET without the body") {
  Site site;
  const Answer get = site.get("/");
  const Answer head = site.ask("HEAD", "/", "", "");
  CHECK(head.status == 200);
  CHECK(head.field("Content-Length") == get.field("Content-Length"));
  CHECK(head.field("Content-Length") == std::to_string(get.body.size()));
}

TEST_CASE("a malformed, foreign or oversized request is refused and the connection closed") {
  Site site;
  const auto refused = [&](const std::string& bytes) {
    Client client(site.port());
    client.send(bytes);
    const Answer answer = client.read_answer();
    CHECK(answer.field("Connection") == "close");
    CHECK(answer.field("Content-Type") == "application/problem+json");
    CHECK(client.closed_by_server());
    return answer.status;
  };
  CHECK(refused("nonsense\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refused("GET http://swcdn.apple.com/x HTTP/1.1\r\nHost: swcdn.apple.com\r\n\r\n") == 400);
  CHECK(refused("CONNECT a.example.org:443 HTTP/1.1\r\nHost: a.example.org:443\r\n\r\n") == 400);
  CHECK(refused("POST /api/v1/cache/pin HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n") == 411);
  CHECK(refused("POST /api/v1/cache/pin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n") == 413);
  CHECK(refused("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: localhost\r\n\r\n") == 414);
  CHECK(refused("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(40000, 'a') + "\r\n\r\n") == 431);
}

TEST_CASE("a client that announces its body is told to go on") {
  Site site;
  Client client(site.port());
  client.send(
      "POST /api/v1/cache/pin HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 18\r\n\r\n");
  CHECK(client.read_answer().status == 100);
  client.send("{\"url\":\"http://a\"}");
  CHECK(client.read_answer().status == 200);
}

TEST_CASE("what is not there is a problem object") {
  Site site;
  const Answer answer = site.get("/api/v1/reports/nothing");
  CHECK(answer.status == 404);
  CHECK(answer.field("Content-Type") == "application/problem+json");
  CHECK_THAT(answer.body, Catch::StartsWith(R"({"type":"about:blank","title":"Not Found","status":404,"detail":")"));
}

TEST_CASE("a wrong method names the right ones") {
  Site site;
  const Answer answer = site.ask("DELETE", "/api/v1/cache/verify", "", "");
  CHECK(answer.status == 405);
  CHECK(answer.field("Allow") == "GET, HEAD, POST");
  CHECK(site.post("/healthz", "x").field("Allow") == "GET, HEAD");
  CHECK(site.get("/api/v1/cache/pin").field("Allow") == "POST");
  CHECK(site.ask("OPTIONS", "/api/v1/cache/evict", "Origin: http://evil.example\r\n", "").status == 405);
}

TEST_CASE("with all connections taken the longest idle one makes room") {
  Site site;
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < kConnections; ++i) {
    clients.push_back(std::make_unique<Client>(site.port()));
    clients.back()->send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    REQUIRE(clients.back()->read_answer().status == 200);
    site.clock.advance(std::chrono::milliseconds(1));
  }
  CHECK(site.get("/healthz").status == 200);
  CHECK(clients.front()->closed_by_server());
  clients.back()->send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(clients.back()->read_answer().status == 200);
}

TEST_CASE("an answer that comes after the server has gone harms nobody") {
  auto site = std::make_unique<Site>();
  CHECK(site->post("/api/v1/cache/verify", "").status == 202);
  site->stop();
  site->store.tell(cache::VerifyReport{});
}

TEST_CASE("the server ends while clients are connected and reports run") {
  Site site;
  Client idle(site.port());
  Client waiting(site.port());
  site.ledger.hold();
  waiting.send("GET /api/v1/reports/summary HTTP/1.1\r\nHost: localhost\r\n\r\n");
  site.ledger.wait_for_waiting(1);
  site.ledger.release();
  site.stop();
  CHECK(idle.closed_by_server());
}

TEST_CASE("an address that is taken is an error that says what to do") {
  Site site;
  FakeStore store;
  FakeLedger ledger;
  const SystemClock clock;
  auto config = std::make_shared<config::Config>(*config_of(""));
  config->listen.admin = site.server().listening();
  const auto second = AdminServer::start({store, ledger, clock, nullptr, nullptr, nullptr, nullptr}, config);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::busy);
  CHECK_THAT(second.error().message, Catch::Contains("Address already in use; stop the program that uses it"));
}

TEST_CASE("the server ends while requests keep coming") {
  Site site;
  const std::uint16_t port = site.port();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(std::make_unique<Client>(port));
  for (const auto& client : clients) client->send("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n");
  site.stop();
  for (const auto& client : clients) {
    const Answer answer = client->read_answer();
    CHECK((answer.status == 0 || answer.status == 200));
  }
}
