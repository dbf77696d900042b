// SPDX-License-Identifier: MIT
#include "proxy/origin_guard.h"

#include <catch2/catch.hpp>
#include <string>

using namespace larder;
using namespace larder::proxy;
using config::Address;
using config::Network;

namespace {

config::ListenConfig listen() {
  config::ListenConfig listen;
  listen.http = {{"0.0.0.0", 80}, {"192.168.1.5", 8080}};
  listen.admin = {{"127.0.0.1", 8081}};
  return listen;
}

const char* const kOwnPublic = "17.0.0.5";

bool is_own(const Address& address) {
  return address == *Address::parse("127.0.0.1") || address == *Address::parse("192.168.1.5") ||
         address == *Address::parse(kOwnPublic);
}

OriginRule rule(std::string name) {
  OriginRule rule;
  rule.name = std::move(name);
  return rule;
}

// "" when it may be connected to, else why not.
std::string verdict(const OriginRule& rule, const char* address, std::uint16_t port = 443) {
  const OriginGuard guard(listen(), is_own);
  const auto checked = guard.check(rule, {rule.name, *Address::parse(address), port});
  return checked ? "" : checked.error().message;
}

}  // namespace

TEST_CASE("an origin may lead to any public address") {
  CHECK(verdict(rule("swcdn.apple.com"), "17.253.144.10").empty());
  CHECK(verdict(rule("swcdn.apple.com"), "2a01:b740:1::1").empty());
}

TEST_CASE("an origin may not lead into the site") {
  for (const char* inside : {"10.0.0.1", "127.0.0.1", "169.254.169.254", "192.168.7.7", "fd00::1", "::1", "0.0.0.0",
                             "100.64.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "224.0.0.1"}) {
    INFO(inside);
    const auto why = verdict(rule("swcdn.apple.com"), inside);
    CHECK(why.find("swcdn.apple.com leads to ") == 0);
    CHECK(why.find("connect_to") != std::string::npos);
  }
  CHECK(verdict(rule("swcdn.apple.com"), kOwnPublic).find("this machine's own") != std::string::npos);
}

TEST_CASE("a network that is listed for a host may be led to, and no other") {
  auto mirror = rule("mirror.example.org");
  mirror.networks = {*Network::parse("10.20.0.0/16")};
  CHECK(verdict(mirror, "10.20.3.4").empty());
  CHECK_FALSE(verdict(mirror, "10.21.3.4").empty());
  CHECK_FALSE(verdict(mirror, "127.0.0.1").empty());
}

TEST_CASE("connect_to, and an address as the name, are permissions") {
  auto parent = rule("swcdn.apple.com");
  parent.connect_to = config::Endpoint{"parent.example.org", 8080};
  CHECK(verdict(parent, "10.1.2.3", 8080).empty());
  CHECK(verdict(rule("10.1.2.3"), "10.1.2.3").empty());
  CHECK(verdict(rule("localhost"), "127.0.0.1").empty());
}

TEST_CASE("Larder itself is no origin, whatever is permitted") {
  auto any = rule("localhost");
  any.networks = config::private_networks();
  CHECK(verdict(any, "127.0.0.1", 80).find("Larder itself") != std::string::npos);
  CHECK(verdict(any, "0.0.0.0", 8081).find("origins.nameservers") != std::string::npos);
  CHECK(verdict(any, "192.168.1.5", 8080).find("Larder itself") != std::string::npos);
  CHECK(verdict(any, kOwnPublic, 80).find("Larder itself") != std::string::npos);
  CHECK(verdict(any, "127.0.0.1", 8080).empty());  // another address than the one listened on
  CHECK(verdict(any, "192.168.1.6", 80).empty());  // another machine
}
