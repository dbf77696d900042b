// SPDX-License-Identifier: MIT
#include "proxy/name_probe.h"

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>

using namespace larder;
using namespace larder::proxy;

TEST_CASE("the nameservers of resolv.conf are its numeric ones, in their order") {
  const std::string file = std::string(std::tmpnam(nullptr)) + "-larder-resolv.conf";
  std::ofstream(file)
      << "# nameserver 192.0.2.9\nsearch example.org\nnameserver 192.0.2.1\n  nameserver\t2001:db8::1 \n"
         "nameserver\nnameserver elsewhere\noptions edns0\n";
  const auto found = nameservers_in(file);
  std::remove(file.c_str());
  CHECK(found == std::vector<config::Endpoint>{{"192.0.2.1", 53}, {"2001:db8::1", 53}});
  CHECK(nameservers_in("/nowhere/resolv.conf").empty());
}

TEST_CASE("no nameserver, or no name, is no question") {
  const SystemClock clock;
  CHECK(ask_nameservers({}, {"a.example"}, clock, std::chrono::milliseconds(1)).empty());
  CHECK(ask_nameservers({{"192.0.2.1", 53}}, {}, clock, std::chrono::milliseconds(1)).empty());
}
