// SPDX-License-Identifier: MIT
#include "base/owned.h"

#include <catch2/catch.hpp>
#include <utility>

namespace {

int freed = 0;
void free_int(int* handle) {
  delete handle;
  ++freed;
}
using OwnedInt = larder::Owned<int, free_int>;

}  // namespace

TEST_CASE("an owned handle is freed once, however often it moves") {
  freed = 0;
  {
    OwnedInt first(new int(7));
    OwnedInt second = std::move(first);
    CHECK(first == nullptr);
    CHECK(*second == 7);
    CHECK(freed == 0);
  }
  CHECK(freed == 1);
}

TEST_CASE("an owned handle costs no more than a pointer") {
  STATIC_REQUIRE(sizeof(OwnedInt) == sizeof(int*));
}
