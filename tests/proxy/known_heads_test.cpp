// SPDX-License-Identifier: MIT
#include "proxy/known_heads.h"

#include <catch2/catch.hpp>
#include <string>

namespace larder::proxy {
namespace {

const std::string kBytes = "GET /a HTTP/1.1\r\nHost: swcdn.apple.com\r\nRange: bytes=0-9\r\n\r\n";

RequestHead parsed(const std::string& bytes) {
  HeadParser parser;
  RequestHead head;
  REQUIRE(parser.parse(bytes, head) == HeadParser::State::complete);
  return head;
}

TEST_CASE("a head is known from the second time on", "[known_heads]") {
  KnownHeads heads;
  const RequestHead head = parsed(kBytes);
  CHECK(heads.met(kBytes, head) == nullptr);
  CHECK(heads.find(kBytes) == nullptr);
  const KnownHeadPtr known = heads.met(kBytes, head);
  REQUIRE(known != nullptr);
  CHECK(heads.find(kBytes) == known);
  CHECK(heads.met(kBytes, head) == known);
}

TEST_CASE("a known head looks at bytes of its own", "[known_heads]") {
  KnownHeads heads;
  std::string bytes = kBytes;
  {
    const RequestHead head = parsed(bytes);
    heads.met(bytes, head);
    heads.met(bytes, head);
  }
  bytes.assign(bytes.size(), 'x');
  const KnownHeadPtr known = heads.find(kBytes);
  REQUIRE(known != nullptr);
  CHECK(known->head.method == "GET");
  CHECK(known->head.target == "/a");
  CHECK(known->head.host == "swcdn.apple.com");
  CHECK(known->head.find("range") == "bytes=0-9");
  CHECK(known->head.has(FieldName::range));
}

TEST_CASE("one byte more, less or other is another head", "[known_heads]") {
  KnownHeads heads;
  const RequestHead head = parsed(kBytes);
  heads.met(kBytes, head);
  REQUIRE(heads.met(kBytes, head) != nullptr);
  std::string other = kBytes;
  other[5] = 'b';
  CHECK(heads.find(other) == nullptr);
  CHECK(heads.find(kBytes + "G") == nullptr);
  CHECK(heads.find(kBytes.substr(0, kBytes.size() - 1)) == nullptr);
  CHECK(heads.find("") == nullptr);
}

TEST_CASE("a long head is not remembered", "[known_heads]") {
  KnownHeads heads;
  const std::string bytes =
      "GET /a HTTP/1.1\r\nHost: a.example\r\nX: " + std::string(KnownHeads::kHeadBytes, 'x') + "\r\n\r\n";
  const RequestHead head = parsed(bytes);
  CHECK(heads.met(bytes, head) == nullptr);
  CHECK(heads.met(bytes, head) == nullptr);
  CHECK(heads.find(bytes) == nullptr);
}

TEST_CASE("heads are forgotten, and whoever has one keeps it", "[known_heads]") {
  KnownHeads heads;
  const RequestHead head = parsed(kBytes);
  heads.met(kBytes, head);
  const KnownHeadPtr known = heads.met(kBytes, head);
  heads.forget();
  CHECK(heads.find(kBytes) == nullptr);
  REQUIRE(known != nullptr);
  CHECK(known->head.target == "/a");
}

// Far more heads than there are places: each still answers for itself or not at all.
TEST_CASE("a place is given to another head, never one for the other", "[known_heads]") {
  KnownHeads heads;
  for (int round = 0; round < 2; ++round)
    for (int n = 0; n < 3000; ++n) {
      const std::string bytes = "GET /" + std::to_string(n) + " HTTP/1.1\r\nHost: a.example\r\n\r\n";
      const RequestHead head = parsed(bytes);
      for (int time = 0; time < 2; ++time)
        if (const KnownHeadPtr known = heads.met(bytes, head)) CHECK(known->head.target == "/" + std::to_string(n));
    }
}

TEST_CASE("fields that decide are known by name in any letter case", "[known_heads]") {
  CHECK(field_name("If-None-Match") == FieldName::if_none_match);
  CHECK(field_name("if-none-match") == FieldName::if_none_match);
  CHECK(field_name("IF-NONE-MATCH") == FieldName::if_none_match);
  CHECK(field_name("If-None-Matc") == FieldName::other);
  CHECK(field_name("X-Forwarded-Host") == FieldName::speaks_for_another);
  CHECK(field_name("X-Forwarded-Hose") == FieldName::other);
  CHECK(field_name("") == FieldName::other);
}

}  // namespace
}  // namespace larder::proxy
