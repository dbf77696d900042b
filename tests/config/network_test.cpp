// SPDX-License-Identifier: MIT
#include "config/network.h"

#include <netinet/in.h>

#include <catch2/catch.hpp>
#include <cstring>

using namespace larder::config;

namespace {

Address address(const char* text) {
  const auto parsed = Address::parse(text);
  REQUIRE(parsed);
  return *parsed;
}

bool is_private(const char* text) {
  for (const auto& network : private_networks()) {
    if (network.contains(address(text))) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("an address is read strictly and written back") {
  for (const auto* text : {"192.0.2.7", "0.0.0.0", "255.255.255.255", "::", "::1", "2001:db8::7", "fe80::1"}) {
    CHECK(address(text).text() == text);
  }
  CHECK(address("2001:DB8:0:0:0:0:0:7").text() == "2001:db8::7");
  for (const auto* text : {"", " 192.0.2.7", "192.0.2.7 ", "192.0.2", "192.0.2.256", "192.0.2.07", "0x7f.0.0.1", "1",
                           ":", "fe80::1%eth0", "[::1]", "2001:db8::7::1", "localhost"}) {
    INFO(text);
    CHECK_FALSE(Address::parse(text));
  }
  CHECK_FALSE(Address::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST_CASE("an IPv4 client is the same client on an IPv6 socket") {
  CHECK(address("::ffff:192.0.2.7") == address("192.0.2.7"));
  CHECK(address("::ffff:192.0.2.7").is_v4());
  CHECK_FALSE(address("::1").is_v4());

  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(0xC0000207);
  sockaddr generic{};
  std::memcpy(&generic, &in, sizeof in);
  CHECK(Address::from(generic) == address("192.0.2.7"));
}

TEST_CASE("a socket address of neither family is the unspecified address") {
  sockaddr other{};
  other.sa_family = AF_UNIX;
  CHECK(Address::from(other) == address("::"));
}

TEST_CASE("an endpoint is read strictly and written back") {
  for (const auto* text : {"0.0.0.0:8080", "[::]:8080", "[2001:db8::7]:1", "cache.example.org:443", "localhost:0"}) {
    const auto endpoint = Endpoint::parse(text);
    REQUIRE(endpoint);
    CHECK(endpoint->text() == text);
  }
  CHECK(Endpoint::parse("[::1]:80")->host == "::1");
  CHECK(Endpoint::parse("CACHE.example.org:80")->host == "cache.example.org");
  for (const auto* text :
       {"",         ":",           ":80",    "8080",    "host",    "host:",         "host:x", "host:65536",
        "host:-1",  "host:000080", "::1:80", "[::1]",   "[::1]80", "[1.2.3.4]:80",  "[]:80",  "300.1.1.1:80",
        "1.2.3:80", "*:80",        "a b:80", "a..b:80", "-a.b:80", "http://host:80"}) {
    INFO(text);
    CHECK_FALSE(Endpoint::parse(text));
  }
  CHECK_FALSE(Endpoint::parse(std::string(254, 'a') + ":80"));
}

TEST_CASE("an endpoint's error tells how to write one") {
  CHECK_THAT(Endpoint::parse("::1:80").error().message, Catch::Contains("needs brackets"));
  CHECK_THAT(Endpoint::parse("host").error().message, Catch::Contains("has no port"));
}

TEST_CASE("a network is read strictly and written back") {
  for (const auto* text : {"10.0.0.0/8", "192.0.2.7/32", "0.0.0.0/0", "2001:db8::/32", "::/0", "::1/128"}) {
    const auto network = Network::parse(text);
    REQUIRE(network);
    CHECK(network->text() == text);
  }
  CHECK(Network::parse("192.0.2.7")->text() == "192.0.2.7/32");
  CHECK(Network::parse("::ffff:10.0.0.0/104")->text() == "10.0.0.0/8");
  for (const auto* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/0008", "10.0.0.0/8/8", "10/8",
                           "2001:db8::/129", "::ffff:10.0.0.0/8", "private"}) {
    INFO(text);
    CHECK_FALSE(Network::parse(text));
  }
}

TEST_CASE("a network with host bits is refused and the right one named") {
  CHECK_THAT(Network::parse("10.1.2.3/8").error().message, Catch::Contains("did you mean \"10.0.0.0/8\"?"));
}

TEST_CASE("a network contains what its prefix says") {
  const auto network = *Network::parse("172.16.0.0/12");
  CHECK(network.contains(address("172.16.0.0")));
  CHECK(network.contains(address("172.31.255.255")));
  CHECK_FALSE(network.contains(address("172.32.0.0")));
  CHECK_FALSE(network.contains(address("172.15.255.255")));
  CHECK(Network::parse("2001:db8::/33")->contains(address("2001:db8:7fff::1")));
  CHECK_FALSE(Network::parse("2001:db8::/33")->contains(address("2001:db8:8000::1")));
}

TEST_CASE("all of IPv6 does not include IPv4, nor the other way round") {
  CHECK_FALSE(Network::parse("::/0")->contains(address("192.0.2.7")));
  CHECK_FALSE(Network::parse("0.0.0.0/0")->contains(address("2001:db8::7")));
  CHECK(Network::parse("0.0.0.0/0")->contains(address("192.0.2.7")));
  CHECK(Network::parse("::/0")->contains(address("2001:db8::7")));
}

TEST_CASE("private networks are loopback, RFC 1918, link-local and unique local") {
  for (const auto* text : {"127.0.0.1", "127.255.0.1", "10.1.2.3", "172.16.0.1", "172.31.9.9", "192.168.255.1",
                           "169.254.1.1", "::1", "fe80::1", "febf::1", "fc00::1", "fdff::1"}) {
    INFO(text);
    CHECK(is_private(text));
  }
  for (const auto* text : {"126.0.0.1", "11.0.0.1", "172.32.0.1", "192.169.0.1", "169.253.1.1", "192.0.2.1",
                           "::", "::2", "fec0::1", "fe00::1", "2001:db8::1", "ff02::1"}) {
    INFO(text);
    CHECK_FALSE(is_private(text));
  }
}
