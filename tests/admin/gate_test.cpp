// SPDX-License-Identifier: MIT
// Who may ask what.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <utility>

#include "admin/routes.h"
#include "site.h"

using namespace larder;
using namespace larder::admin;

namespace {

class TokenFile {
 public:
  explicit TokenFile(const std::string& token, std::string key = "admin_token_file") : key_(std::move(key)) {
    std::string name = (std::filesystem::temp_directory_path() / "larder-token-XXXXXX").string();
    const int fd = mkstemp(name.data());
    REQUIRE(fd >= 0);
    close(fd);
    path_ = name;
    write(token);
  }
  ~TokenFile() { std::filesystem::remove(path_); }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;

  void write(const std::string& token) const { std::ofstream(path_) << token << "\n"; }
  std::string config() const { return "access." + key_ + " = \"" + path_.string() + "\"\n"; }

 private:
  std::string key_;
  std::filesystem::path path_;
};

int concrete_status(Site& site, const Route& route, const std::string& fields) {
  std::string path(route.path);
  if (const auto brace = path.find('{'); brace != std::string::npos) path = path.substr(0, brace) + "x";
  return site.ask(std::string(route.method), path, fields, "").status;
}

}  // namespace

TEST_CASE("with a token set, everything an administrator sees demands it") {
  const TokenFile token("0123456789abcdef");
  Site site(token.config());
  for (const Route& route : routes()) {
    INFO(route.method << " " << route.path);
    const bool open = route.who == Who::anyone;
    CHECK((concrete_status(site, route, "") == 401) == !open);
    CHECK((concrete_status(site, route, "Authorization: Bearer 0123456789abcdeX\r\n") == 401) == !open);
    CHECK((concrete_status(site, route, "Authorization: Basic 0123456789abcdef\r\n") == 401) == !open);
    CHECK(concrete_status(site, route, "Authorization: Bearer 0123456789abcdef\r\n") != 401);
    CHECK(concrete_status(site, route, "Authorization: bearer  0123456789abcdef\r\n") != 401);
  }
}

TEST_CASE("a token for reading reads everything and gives no orders") {
  const TokenFile token("0123456789abcdef");
  const TokenFile reading("fedcba9876543210", "read_token_file");
  Site site(token.config() + reading.config());
  for (const Route& route : routes()) {
    INFO(route.method << " " << route.path);
    const int status = concrete_status(site, route, "Authorization: Bearer fedcba9876543210\r\n");
    CHECK(status != 401);
    CHECK((status == 403) == (route.who == Who::administrator && route.method != "GET"));
    CHECK(concrete_status(site, route, "Authorization: Bearer 0123456789abcdef\r\n") != 403);
  }
  CHECK(site.store.orders().empty());
}

TEST_CASE("the API, the metrics and nothing else are the administrator's") {
  for (const Route& route : routes()) {
    INFO(route.path);
    const bool guarded = route.path.starts_with("/api/") || route.path == "/metrics";
    CHECK((route.who == Who::administrator) == guarded);
  }
}

TEST_CASE("a refusal for want of a token says how to send it") {
  const TokenFile token("0123456789abcdef");
  Site site(token.config());
  const Answer answer = site.get("/api/v1/status");
  CHECK(answer.field("WWW-Authenticate") == "Bearer realm=\"larder\"");
  CHECK_THAT(answer.body, Catch::Contains("Authorization: Bearer"));
}

TEST_CASE("with a token any name reaches the server") {
  const TokenFile token("0123456789abcdef");
  Site site(token.config());
  CHECK(site.get("/api/v1/status", "Host: larder.example.org\r\nAuthorization: Bearer 0123456789abcdef\r\n").status ==
        200);
}

TEST_CASE("without a token a foreign name is refused: it may have been made to resolve here") {
  Site site;
  for (const auto* host : {"evil.example:8081", "127.0.0.1.evil.example", "localhost.evil.example", "192.0.2.1"}) {
    INFO(host);
    CHECK(site.get("/api/v1/status", "Host: " + std::string(host) + "\r\n").status == 421);
    CHECK(site.get("/", "Host: " + std::string(host) + "\r\n").status == 421);
    CHECK(site.get("/healthz", "Host: " + std::string(host) + "\r\n").status == 200);
  }
  for (const auto* host : {"localhost", "LOCALHOST:8081", "127.0.0.1:1", "127.0.0.2", "[::1]:8081"}) {
    INFO(host);
    CHECK(site.get("/api/v1/status", "Host: " + std::string(host) + "\r\n").status == 200);
  }
}

TEST_CASE("a page of another site cannot give orders") {
  Site site;
  const std::string body = "{\"url\":\"http://a\"}";
  CHECK(site.post("/api/v1/cache/evict", body, "Origin: http://evil.example\r\n").status == 403);
  CHECK(site.post("/api/v1/cache/verify", "", "Origin: null\r\n").status == 403);
  CHECK(site.store.orders().empty());
  CHECK(site.post("/api/v1/cache/evict", body, "Origin: http://127.0.0.1\r\n").status == 200);
}

TEST_CASE("a reload takes the new token, and keeps the old one when the new cannot be read") {
  const TokenFile token("0123456789abcdef");
  Site site(token.config());
  const auto config = config_of(token.config());
  token.write("fedcba9876543210");
  CHECK(site.server().apply(config));
  CHECK(site.get("/metrics", "Authorization: Bearer 0123456789abcdef\r\n").status == 401);
  CHECK(site.get("/metrics", "Authorization: Bearer fedcba9876543210\r\n").status == 200);
  token.write("short");
  CHECK_FALSE(site.server().apply(config));
  CHECK(site.get("/metrics", "Authorization: Bearer fedcba9876543210\r\n").status == 200);
}
