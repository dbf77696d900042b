// SPDX-License-Identifier: MIT
#include "proxy/via.h"

#include <catch2/catch.hpp>

using larder::proxy::has_passed_here;
using larder::proxy::via_entry;

TEST_CASE("a request that carries this process's entry has passed here") {
  const std::string own = via_entry("1.1");
  CHECK(own.starts_with("1.1 larder ("));
  CHECK(via_entry("1.0").substr(3) == own.substr(3));
  CHECK(has_passed_here(own));
  CHECK(has_passed_here("1.0 a, " + own + ", 1.1 b (c)"));
  CHECK(has_passed_here("HTTP/1.1 Larder"));
  CHECK(has_passed_here("1.1 a (x, y) , 1.1\tb,1.1  larder"));
}

TEST_CASE("other proxies and other Larders are no loop") {
  CHECK_FALSE(has_passed_here(""));
  CHECK_FALSE(has_passed_here(","));
  CHECK_FALSE(has_passed_here("1.1 larder (not this one)"));
  CHECK_FALSE(has_passed_here("1.1 larders, 1.1 larder.example, larder, 1.1 a"));
  CHECK_FALSE(has_passed_here("1.1 a (behind, 1.1 larder)"));
  CHECK_FALSE(has_passed_here("1.1 a (open \\), 1.1 larder"));
}
