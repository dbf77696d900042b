// SPDX-License-Identifier: MIT
#include "proxy/self_test.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "proxy/own_host.h"

using namespace larder;
using namespace larder::proxy;
using reports::DeviceEvidence;

namespace {

SelfTest test_of(const std::string& address) {
  SelfTest test;
  test.reached = {"192.0.2.1", 8080};
  test.client = *config::Address::parse(address);
  return test;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the self-test is JSON for who asks for that") {
  CHECK(self_test_wants_json("/self-test.json", "text/html"));
  CHECK(self_test_wants_json("/self-test", "application/json"));
  CHECK_FALSE(self_test_wants_json("/self-test", "text/html,application/xhtml+xml,application/json;q=0.1,*/*;q=0.8"));
  CHECK_FALSE(self_test_wants_json("/self-test", ""));
}

TEST_CASE("the self-test says how a request came and as whom") {
  SelfTest test = test_of("10.0.0.7");
  test.came = Came::by_proxy;
  test.token = "MAC1";
  test.token_from = DeviceEvidence::proxy_user;
  test.device = DeviceOnRecord{"MAC1", DeviceEvidence::token, "Anna's Mac", "10.0.0.7", WallTime()};
  const auto json = nlohmann::json::parse(self_test_json(test));
  CHECK(json.at("came") == "by proxy");
  CHECK(json.at("address") == "10.0.0.7");
  CHECK(json.at("reached") == "192.0.2.1:8080");
  CHECK(json.at("allowed") == true);
  CHECK(json.at("token") == "MAC1");
  CHECK(json.at("token_from") == "proxy_user");
  CHECK(json.at("device").at("name") == "Anna's Mac");
  CHECK(json.at("device").at("evidence") == "token");
  const std::string page = self_test_page(test);
  CHECK(has(page, "As a proxy request"));
  CHECK(has(page, "MAC1 (Anna&#39;s Mac)"));
  CHECK(has(page, "may use it"));
}

TEST_CASE("the self-test does not tell the name of a device that was last seen elsewhere") {
  SelfTest test = test_of("10.0.0.8");
  test.token = "MAC1";
  test.device = DeviceOnRecord{"MAC1", DeviceEvidence::token, "Anna's Mac", "10.0.0.7", WallTime()};
  CHECK(nlohmann::json::parse(self_test_json(test)).at("device").at("name").is_null());
  CHECK_FALSE(has(self_test_page(test), "Anna"));
}

TEST_CASE("nothing that comes from a device is markup in the self-test") {
  SelfTest test = test_of("10.0.0.7");
  test.device = DeviceOnRecord{"<b>\"&'", DeviceEvidence::mac, "<script>", "10.0.0.7", WallTime()};
  const std::string page = self_test_page(test);
  CHECK(has(page, "&lt;b&gt;&quot;&amp;&#39; (&lt;script&gt;)"));
  CHECK_FALSE(has(page, "<script"));
  CHECK_FALSE(has(page, "<b>"));
}

TEST_CASE("a stranger's self-test says that its address is not allowed") {
  SelfTest test = test_of("203.0.113.9");
  test.allowed = false;
  CHECK(nlohmann::json::parse(self_test_json(test)).at("allowed") == false);
  CHECK(has(self_test_page(test), "access.clients"));
}

TEST_CASE("Larder's own hosts are its names and the addresses of its machine") {
  config::Config config;
  config.listen.name = "larder.example.org";
  config.locator.servers = {{"10.9.9.9", 8080}};
  const config::Endpoint reached{"192.0.2.1", 8080};
  for (const char* own : {"larder.example.org", "localhost", "127.0.0.1", "192.0.2.1", "10.9.9.9"}) {
    CHECK(is_own_host(own, config, reached));
  }
  for (const char* other : {"example.org", "xlarder.example.org", "198.51.100.7", ""}) {
    CHECK_FALSE(is_own_host(other, config, reached));
  }
}
