// SPDX-License-Identifier: MIT
#include "base/result.h"

#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <utility>

using larder::ErrorKind;
using larder::fail;
using larder::Result;

TEST_CASE("a result is a value or an error and says which") {
  const Result<int> good = 42;
  const Result<int> bad = fail(ErrorKind::not_found, "no such release");
  REQUIRE(good);
  CHECK(*good == 42);
  REQUIRE_FALSE(bad);
  CHECK(bad.error().kind == ErrorKind::not_found);
  CHECK(bad.error().message == "no such release");
}

TEST_CASE("a result of strings never takes an error for a value") {
  const Result<std::string> bad = fail(ErrorKind::busy, "the inbox is full");
  CHECK_FALSE(bad.has_value());
}

TEST_CASE("what cannot be copied moves out of a result") {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  const std::unique_ptr<int> taken = std::move(result).value();
  REQUIRE(taken);
  CHECK(*taken == 5);
}

TEST_CASE("context goes in front and the kind stays") {
  const larder::Error error = fail(ErrorKind::corrupt, "chunk 3 fails its check").with_context("reading extent 9");
  CHECK(error.kind == ErrorKind::corrupt);
  CHECK(error.message == "reading extent 9: chunk 3 fails its check");
}

TEST_CASE("a status without an error is good") {
  CHECK(larder::ok().has_value());
}

TEST_CASE("every kind of error has a name of its own") {
  std::set<std::string_view> names;
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::internal); ++kind) {
    names.insert(larder::to_string(static_cast<ErrorKind>(kind)));
  }
  CHECK(names.size() == static_cast<std::size_t>(ErrorKind::internal) + 1);
  CHECK_FALSE(names.contains("unknown"));
}
