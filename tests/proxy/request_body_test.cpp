// SPDX-License-Identifier: MIT
#include "proxy/request_body.h"

#include <catch2/catch.hpp>
#include <string>
#include <string_view>

using larder::proxy::ChunkedBodyDecoder;
using State = ChunkedBodyDecoder::State;

namespace {

bool refused(std::string_view body) {
  ChunkedBodyDecoder decoder;
  std::string out;
  if (decoder.feed(body, out) != State::refused) return false;
  CHECK_FALSE(decoder.reason().empty());
  return true;
}

}  // namespace

TEST_CASE("a chunked body is decoded whole or byte by byte, and what follows is left") {
  const std::string body = "5\r\nhello\r\n00A;name=value\r\n, world!!!\r\n0\r\nX-Trailer: 1\r\n\r\n";
  ChunkedBodyDecoder whole;
  std::string out;
  REQUIRE(whole.feed(body + "GET /", out) == State::complete);
  CHECK(out == "hello, world!!!");
  CHECK(whole.used() == body.size());
  CHECK(whole.body_bytes() == 15);

  ChunkedBodyDecoder slow;
  out.clear();
  for (std::size_t i = 0; i + 1 < body.size(); ++i) {
    REQUIRE(slow.feed(std::string_view(body).substr(i, 1), out) == State::incomplete);
  }
  CHECK(slow.feed("\n", out) == State::complete);
  CHECK(out == "hello, world!!!");
}

TEST_CASE("an empty chunked body is complete at its last line") {
  ChunkedBodyDecoder decoder;
  std::string out;
  CHECK(decoder.feed("0\r\n\r", out) == State::incomplete);
  CHECK(decoder.feed("\n", out) == State::complete);
  CHECK(decoder.used() == 1);
  CHECK(out.empty());
}

TEST_CASE("chunk sizes that others might read differently are refused") {
  CHECK(refused("0x5\r\nhello\r\n"));
  CHECK(refused("+5\r\n"));
  CHECK(refused("-1\r\n"));
  CHECK(refused(" 5\r\n"));
  CHECK(refused("5 5\r\n"));
  CHECK(refused("\r\n"));
  CHECK(refused(";a\r\n"));
  CHECK(refused("5\nhello"));
  CHECK(refused("5\rhello"));
  CHECK(refused("1234567890abcdef\r\n"));
  CHECK(refused(std::string_view("5\0\r\n", 4)));
}

TEST_CASE("a chunk must be as long as it said") {
  CHECK(refused("5\r\nhello!\r\n"));
  CHECK(refused("5\r\nhello\n"));
  CHECK(refused("5\r\nhello\rX"));
}

TEST_CASE("extensions and trailers are bounded and well-formed") {
  CHECK(refused("5;" + std::string(2000, 'a')));
  CHECK(refused("0\r\nno colon\r\n\r\n"));
  CHECK(refused("0\r\nX : y\r\n\r\n"));
  CHECK(refused("0\r\nX Y: z\r\n\r\n"));
  for (const auto* wrong : {"5 \r\n", "5;\r\n", "5;a b\r\n", "5;a=\r\n", "5;a=b c\r\n", "5;a=\"b\r\n",
                            "5;a=\"b\\\"\r\n", "5;=b\r\n", "5garbage\r\n", "5;a;;b\r\n"}) {
    INFO(wrong);
    CHECK(refused(wrong));
  }
  ChunkedBodyDecoder decoder;
  std::string out;
  CHECK(decoder.feed("2 ; a\r\nhe\r\n1;a=b;c = \"d;\\\"e\"\r\ny\r\n0;x\r\n\r\n", out) == State::complete);
  CHECK(out == "hey");
  std::string many;
  for (int i = 0; i < 40; ++i) many += "1;" + std::string(500, 'a') + "\r\nx\r\n";
  CHECK(refused(many));
  CHECK(refused("0\r\n: x\r\n\r\n"));
  CHECK(refused("0\r\nX: a\r\n b\r\n\r\n"));
  std::string trailers;
  for (int i = 0; i < 20; ++i) trailers += "X: " + std::string(500, 'a') + "\r\n";
  CHECK(refused("0\r\n" + trailers));
}
