// SPDX-License-Identifier: MIT
#include "base/digest.h"

#include <catch2/catch.hpp>
#include <span>
#include <string>
#include <string_view>

using larder::Digest;
using larder::Sha256;

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

constexpr std::string_view kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
// FIPS 180-2, appendix B.2.
constexpr std::string_view kTwoBlocks = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
constexpr std::string_view kTwoBlocksText = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

}  // namespace

TEST_CASE("SHA-256 agrees with the standard's examples") {
  CHECK(Sha256::of({}).hex() == kEmpty);
  CHECK(Sha256::of(bytes_of(kTwoBlocksText)).hex() == kTwoBlocks);
}

TEST_CASE("bytes may come in any pieces") {
  Sha256 hash;
  for (const char& c : kTwoBlocksText) hash.update(bytes_of(std::string_view(&c, 1)));
  hash.update({});
  CHECK(hash.finish().hex() == kTwoBlocks);
}

TEST_CASE("a digest is read back from its hexadecimal text in any letter case") {
  std::string upper(kTwoBlocks);
  for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'f' ? c - 32 : c);
  REQUIRE(Digest::from_hex(kTwoBlocks).has_value());
  CHECK(Digest::from_hex(kTwoBlocks)->hex() == kTwoBlocks);
  CHECK(Digest::from_hex(upper) == Digest::from_hex(kTwoBlocks));
}

TEST_CASE("what is not 64 hexadecimal digits is no digest") {
  const std::string good(kEmpty);
  CHECK_FALSE(Digest::from_hex("").has_value());
  CHECK_FALSE(Digest::from_hex(good.substr(1)).has_value());
  CHECK_FALSE(Digest::from_hex(good + "0").has_value());
  CHECK_FALSE(Digest::from_hex("g" + good.substr(1)).has_value());
  CHECK_FALSE(Digest::from_hex(" " + good.substr(1)).has_value());
  CHECK_FALSE(Digest::from_hex(good.substr(0, 63) + ":").has_value());
}
