// SPDX-License-Identifier: MIT
#include "base/strong.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <type_traits>
#include <unordered_set>

namespace {

using Apples = larder::Strong<struct AppleTag, std::uint64_t>;
using Pears = larder::Strong<struct PearTag, std::uint64_t>;

}  // namespace

TEST_CASE("numbers of two kinds do not mix") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Apples, Pears>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Apples, std::uint64_t>);
}

TEST_CASE("numbers of one kind compare and hash") {
  CHECK(Apples{1} < Apples{2});
  CHECK(Apples{2} == Apples{2});
  CHECK(Apples{} == Apples{0});
  const std::unordered_set<Apples> set{Apples{1}, Apples{2}, Apples{1}};
  CHECK(set.size() == 2);
}
