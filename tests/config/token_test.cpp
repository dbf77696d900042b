// SPDX-License-Identifier: MIT
#include "config/token.h"

#include <catch2/catch.hpp>

#include "temporary_directory.h"

using namespace larder::config;

TEST_CASE("a token is the file's one line") {
  const TemporaryDirectory directory;
  CHECK(*read_admin_token(directory.write("token", "0123456789abcdef\n")) == "0123456789abcdef");
  CHECK(*read_admin_token(directory.write("token", "0123456789abcdef")) == "0123456789abcdef");
}

TEST_CASE("a token that is not there, short, long or not one word is refused") {
  const TemporaryDirectory directory;
  CHECK_THAT(read_admin_token(directory.path() / "absent").error().message, Catch::Contains("openssl rand"));
  CHECK_FALSE(read_admin_token(directory.path()));
  CHECK_FALSE(read_admin_token(directory.write("token", "")));
  CHECK_FALSE(read_admin_token(directory.write("token", "0123456789abcde\n")));
  CHECK_FALSE(read_admin_token(directory.write("token", std::string(1025, 'a'))));
  CHECK_FALSE(read_admin_token(directory.write("token", "0123456789 abcdef\n")));
  CHECK_FALSE(read_admin_token(directory.write("token", "0123456789abcdef\nsecond line\n")));
  CHECK_FALSE(read_admin_token(directory.write("token", "0123456789abcd\xC3\xA9\n")));
}

TEST_CASE("a token that everyone may read is refused with the command that mends it") {
  const TemporaryDirectory directory;
  const auto file = directory.write("token", "0123456789abcdef");
  std::filesystem::permissions(file, std::filesystem::perms(0644));
  CHECK_THAT(read_admin_token(file).error().message, Catch::Contains("chmod o-r " + file));
  std::filesystem::permissions(file, std::filesystem::perms(0640));
  CHECK(read_admin_token(file));
}
