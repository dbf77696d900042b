// SPDX-License-Identifier: MIT
#include "config/special_address.h"

#include <catch2/catch.hpp>
#include <string>

using namespace larder::config;

namespace {

std::string use_of(const char* text) {
  return std::string(special_use(*Address::parse(text)));
}

}  // namespace

TEST_CASE("public addresses are of no special use") {
  for (const char* text :
       {"17.253.144.10", "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255",
        "172.32.0.0", "192.167.255.255", "192.169.0.0", "169.253.255.255", "198.17.255.255", "198.20.0.0",
        "223.255.255.255", "2606:4700:4700::1111", "2a01:b740:1::1", "2001:4860:4860::8888", "2003::1"}) {
    INFO(text);
    CHECK(use_of(text).empty());
  }
}

TEST_CASE("the machine itself, the site and nowhere are told from the Internet") {
  CHECK(use_of("127.0.0.1") == "loopback");
  CHECK(use_of("127.255.255.255") == "loopback");
  CHECK(use_of("::1") == "loopback");
  CHECK(use_of("0.0.0.0") == "unspecified");
  CHECK(use_of("::") == "unspecified");
  CHECK(use_of("10.0.0.0") == "private");
  CHECK(use_of("172.31.255.255") == "private");
  CHECK(use_of("192.168.0.1") == "private");
  CHECK(use_of("fd12:3456::1") == "unique local");
  CHECK(use_of("fc00::1") == "unique local");
  CHECK(use_of("169.254.169.254") == "link-local");
  CHECK(use_of("fe80::1") == "link-local");
  CHECK(use_of("febf::1") == "link-local");
  CHECK(use_of("fec0::1") == "private");
  CHECK(use_of("100.64.0.1") == "shared (carrier NAT)");
  CHECK(use_of("100.127.255.255") == "shared (carrier NAT)");
  CHECK(use_of("224.0.0.1") == "multicast");
  CHECK(use_of("239.255.255.255") == "multicast");
  CHECK(use_of("ff02::1") == "multicast");
  CHECK(use_of("255.255.255.255") == "reserved");
  CHECK(use_of("240.0.0.1") == "reserved");
  CHECK(use_of("198.19.255.255") == "reserved (benchmarks)");
  CHECK(use_of("203.0.113.9") == "documentation");
  CHECK(use_of("2001:db8::1") == "documentation");
}

TEST_CASE("an IPv4 address inside an IPv6 one decides") {
  CHECK(use_of("::ffff:127.0.0.1") == "loopback");
  CHECK(use_of("::ffff:10.1.2.3") == "private");
  CHECK(use_of("::ffff:17.253.144.10").empty());
  CHECK(use_of("64:ff9b::10.1.2.3") == "private");
  CHECK(use_of("64:ff9b::127.0.0.1") == "loopback");
  CHECK(use_of("64:ff9b::17.253.144.10").empty());
  CHECK(use_of("64:ff9b:1::a01:203") == "private");
  CHECK(use_of("2002:a01:203::1") == "private");       // 10.1.2.3
  CHECK(use_of("2002:7f00:1::1") == "loopback");       // 127.0.0.1
  CHECK(use_of("2002:11fd:900a::1").empty());          // 17.253.144.10
  CHECK(use_of("::10.1.2.3") == "reserved");           // IPv4-compatible
  CHECK(use_of("2001:0:4136:e378::1") == "reserved");  // Teredo
}
