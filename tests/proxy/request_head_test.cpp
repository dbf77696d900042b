// SPDX-License-Identifier: MIT
#include "proxy/request_head.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/limits.h"

using larder::proxy::HeadParser;
using larder::proxy::RequestHead;
using State = HeadParser::State;
namespace limits = larder::limits;

namespace {

// 0 accepted, -1 incomplete, else the refusal's status.
int judge(const std::string& text) {
  HeadParser parser;
  RequestHead head;
  switch (parser.parse(text, head)) {
    case State::complete:
      return 0;
    case State::incomplete:
      return -1;
    case State::refused:
      CHECK_FALSE(parser.refusal().reason.empty());
      return parser.refusal().status;
  }
  return -2;
}

// A GET with one more field line, which may be anything.
int judge_field(const std::string& line) {
  return judge("GET /a HTTP/1.1\r\nHost: h.example\r\n" + line + "\r\n\r\n");
}

int judge_line(const std::string& request_line) {
  return judge(request_line + "\r\nHost: h.example\r\n\r\n");
}

}  // namespace

TEST_CASE("a head is taken apart into views of the buffer") {
  const std::string text =
      "GET /a/b.pkg?x=1 HTTP/1.1\r\nHost: Swcdn.Apple.com:80\r\nUser-Agent: curl/7.88.1\r\nAccept:\t */* \r\n"
      "Content-Length: 12\r\nX-List: a\r\nx-list:  b, c\r\nX-Empty:\r\n\r\nBODY";
  HeadParser parser;
  RequestHead head;
  REQUIRE(parser.parse(text, head) == State::complete);
  CHECK(parser.head_bytes() == text.size() - 4);
  CHECK(head.method == "GET");
  CHECK(head.target == "/a/b.pkg?x=1");
  CHECK(head.minor_version == 1);
  CHECK(head.host == "Swcdn.Apple.com:80");
  CHECK(head.fields.size() == 7);
  CHECK(head.find("accept") == "*/*");
  CHECK(head.find("X-Empty").empty());
  CHECK(head.has("x-empty"));
  CHECK_FALSE(head.has("X-Missing"));
  CHECK(head.find("X-LIST") == "a");
  CHECK(head.joined("X-List") == "a, b, c");
  CHECK(head.content_length == 12U);
  CHECK_FALSE(head.chunked);
  CHECK(head.keep_alive);
  CHECK(head.target.data() == text.data() + 4);
}

TEST_CASE("a head that arrives byte by byte is complete at its last byte and not before") {
  const std::string text = "GET /a HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\n\r\n";
  HeadParser parser;
  RequestHead head;
  for (std::size_t size = 0; size < text.size(); ++size) {
    REQUIRE(parser.parse(std::string(text, 0, size), head) == State::incomplete);
  }
  REQUIRE(parser.parse(text, head) == State::complete);
  CHECK(head.expect_continue);
}

TEST_CASE("two requests in one buffer are read one after the other") {
  const std::string first = "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n";
  const std::string second = "GET /b HTTP/1.0\r\n\r\n";
  std::string buffer = first + second;
  HeadParser parser;
  RequestHead head;
  REQUIRE(parser.parse(buffer, head) == State::complete);
  CHECK(head.chunked);
  CHECK(parser.head_bytes() == first.size());
  buffer.erase(0, parser.head_bytes());
  parser.reset();
  REQUIRE(parser.parse(buffer, head) == State::complete);
  CHECK(head.target == "/b");
  CHECK(head.minor_version == 0);
  CHECK(head.host.empty());
  CHECK_FALSE(head.chunked);
  CHECK_FALSE(head.keep_alive);
  CHECK(head.fields.empty());
}

TEST_CASE("one empty line before the request line is skipped, a second is refused") {
  const std::string text = "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n";
  HeadParser parser;
  RequestHead head;
  for (std::size_t size = 0; size < text.size(); ++size) {
    REQUIRE(parser.parse(std::string(text, 0, size), head) == State::incomplete);
  }
  REQUIRE(parser.parse(text, head) == State::complete);
  CHECK(parser.head_bytes() == text.size());
  CHECK(judge("\r\n" + text) == 400);
  CHECK(judge("\n" + text) == 400);
}

TEST_CASE("connections are kept as the version and the Connection field say") {
  const auto kept = [](const std::string& version, const std::string& connection) {
    const std::string text = "GET / HTTP/" + version + "\r\nHost: h\r\n" + connection + "\r\n";
    HeadParser parser;
    RequestHead head;
    REQUIRE(parser.parse(text, head) == State::complete);
    return head.keep_alive;
  };
  CHECK(kept("1.1", ""));
  CHECK_FALSE(kept("1.1", "Connection: close\r\n"));
  CHECK_FALSE(kept("1.1", "Connection: TE , Close\r\n"));
  CHECK_FALSE(kept("1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
  CHECK_FALSE(kept("1.0", ""));
  CHECK(kept("1.0", "Connection: Keep-Alive\r\n"));
}

TEST_CASE("bytes that two servers could read differently are refused") {
  CHECK(judge("GET / HTTP/1.1\nHost: h\r\n\r\n") == 400);
  CHECK(judge("GET / HTTP/1.1\r\nHost: h\n\r\n") == 400);
  CHECK(judge("GET / HTTP/1.1\r\nHost: h\r\n\n") == 400);
  CHECK(judge_field("X: a\rb") == 400);
  CHECK(judge_field("X: a\r") == 400);
  CHECK(judge_field(std::string("X: a\0b", 6)) == 400);
  CHECK(judge_field("X: a\x7f") == 400);
  CHECK(judge_field("X: a\x1b[0m") == 400);
  CHECK(judge_field("X: caf\xC3\xA9") == 0);
  CHECK(judge_field("X: a\r\n b") == 400);
  CHECK(judge_field("X: a\r\n\tb") == 400);
  CHECK(judge("GET / HTTP/1.1\r\n Host: h\r\nHost: h\r\n\r\n") == 400);
  CHECK(judge_field("X : a") == 400);
  CHECK(judge_field(": a") == 400);
  CHECK(judge_field("no colon") == 400);
  CHECK(judge_field("X(y): a") == 400);
  CHECK(judge_field("X\xC3\xA9: a") == 400);
}

TEST_CASE("a control byte is found wherever it stands in a line") {
  for (std::size_t length = 4; length < 40; ++length) {
    for (std::size_t at = 3; at < length; ++at) {
      std::string line = "X: " + std::string(length - 3, '\t');
      line[at] = at % 2 == 0 ? '\x01' : '\x7f';
      HeadParser parser;
      RequestHead head;
      REQUIRE(parser.parse("GET / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n", head) == State::refused);
      REQUIRE(parser.refusal().reason.find("control byte") != std::string::npos);
    }
  }
}

TEST_CASE("a request line is METHOD TARGET VERSION, nothing more") {
  CHECK(judge_line("GET / HTTP/1.1") == 0);
  CHECK(judge_line("GET  / HTTP/1.1") == 400);
  CHECK(judge_line("GET /  HTTP/1.1") == 400);
  CHECK(judge_line("GET /a b HTTP/1.1") == 400);
  CHECK(judge_line("GET /a\tb HTTP/1.1") == 400);
  CHECK(judge_line("GET / HTTP/1.1 ") == 400);
  CHECK(judge_line(" GET / HTTP/1.1") == 400);
  CHECK(judge_line("GET /") == 400);
  CHECK(judge_line("GET") == 400);
  CHECK(judge_line("G(T / HTTP/1.1") == 400);
  CHECK(judge_line("GET /a#b HTTP/1.1") == 400);
  CHECK(judge_line("GET /caf\xC3\xA9 HTTP/1.1") == 400);
  CHECK(judge_line(std::string(32, 'M') + " / HTTP/1.1") == 0);
  CHECK(judge_line(std::string(33, 'M') + " / HTTP/1.1") == 400);
  CHECK(judge_line("GET / HTTP/2.0") == 505);
  CHECK(judge_line("GET / HTTP/0.9") == 505);
  CHECK(judge_line("GET / HTTP/3.0") == 505);
  CHECK(judge_line("GET / HTTP/1.01") == 400);
  CHECK(judge_line("GET / http/1.1") == 400);
  CHECK(judge("PRI * HTTP/2.0\r\n\r\n") == 505);
}

TEST_CASE("what speaks TLS to the plain port is refused at its first byte") {
  CHECK(judge(std::string("\x16\x03\x01", 3)) == 400);
}

TEST_CASE("Host must be there once, well-formed, and agree with the request line") {
  const auto with_host = [](const std::string& host) { return judge("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n"); };
  CHECK(judge("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(judge("GET / HTTP/1.0\r\n\r\n") == 0);
  CHECK(judge("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n") == 400);
  CHECK(with_host("") == 0);
  CHECK(with_host("192.0.2.1:8080") == 0);
  CHECK(with_host("[2001:db8::1]:8080") == 0);
  CHECK(with_host("larder_1.example.org.") == 0);
  CHECK(with_host("[2001:db8::1") == 400);
  CHECK(with_host("[nonsense]") == 400);
  CHECK(with_host("2001:db8::1") == 400);
  CHECK(with_host("h:0") == 400);
  CHECK(with_host("h:65536") == 400);
  CHECK(with_host("h:") == 0);
  CHECK(with_host(":") == 400);
  CHECK(with_host("h:+80") == 400);
  CHECK(with_host("a, b") == 400);
  CHECK(with_host("user@h") == 400);
  CHECK(with_host("h/x") == 400);
  CHECK(with_host("a..b") == 400);
  CHECK(with_host(".a") == 400);
  CHECK(judge("GET http://A.example:80/x HTTP/1.1\r\nHost: a.example\r\n\r\n") == 0);
  CHECK(judge("GET http://a.example:/x HTTP/1.1\r\nHost: a.example\r\n\r\n") == 0);
  CHECK(judge("GET http://a.example/x HTTP/1.1\r\nHost: a.example:\r\n\r\n") == 0);
  CHECK(judge("CONNECT a.example: HTTP/1.1\r\nHost: a.example:443\r\n\r\n") == 400);
  CHECK(judge("GET https://a.example/x HTTP/1.1\r\nHost: a.example:443\r\n\r\n") == 0);
  CHECK(judge("GET http://a.example/x HTTP/1.1\r\nHost: b.example\r\n\r\n") == 400);
  CHECK(judge("GET http://a.example:81/x HTTP/1.1\r\nHost: a.example\r\n\r\n") == 400);
  CHECK(judge("GET http://a.example/x HTTP/1.1\r\nHost:\r\n\r\n") == 400);
  CHECK(judge("GET http://a.example/x HTTP/1.0\r\n\r\n") == 0);
}

TEST_CASE("the body's length must be said in one way only") {
  CHECK(judge_field("Content-Length: 5") == 0);
  CHECK(judge_field("Content-Length: 5\r\nContent-Length: 5") == 400);
  CHECK(judge_field("Content-Length: 5\r\nContent-Length: 6") == 400);
  CHECK(judge_field("Content-Length: 5, 5") == 400);
  CHECK(judge_field("Content-Length: +5") == 400);
  CHECK(judge_field("Content-Length: -5") == 400);
  CHECK(judge_field("Content-Length: 0x5") == 400);
  CHECK(judge_field("Content-Length: 5 5") == 400);
  CHECK(judge_field("Content-Length:") == 400);
  CHECK(judge_field("Content-Length: 18446744073709551616") == 400);
  CHECK(judge_field("Transfer-Encoding: chunked") == 0);
  CHECK(judge_field("Transfer-Encoding: chunked\r\nContent-Length: 5") == 400);
  CHECK(judge_field("Content-Length: 5\r\nTransfer-Encoding: chunked") == 400);
  CHECK(judge_field("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked") == 400);
  CHECK(judge_field("Transfer-Encoding: chunked, chunked") == 400);
  CHECK(judge_field("Transfer-Encoding: gzip, chunked") == 501);
  CHECK(judge_field("Transfer-Encoding: gzip") == 400);
  CHECK(judge_field("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked") == 400);
  CHECK(judge_field("Transfer-Encoding: chunked;a=b") == 400);
  CHECK(judge_field("Content-Length: 0005") == 0);
  CHECK(judge_field("Transfer-Encoding: chunked, identity") == 400);
  CHECK(judge_field("Transfer-Encoding: identity") == 400);
  CHECK(judge_field("Transfer-Encoding: xchunked") == 400);
  CHECK(judge_field("Transfer-Encoding: \"chunked\"") == 400);
  CHECK(judge_field("Transfer-Encoding:") == 400);
  CHECK(judge("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("a higher minor version is read as 1.1") {
  const std::string text = "GET /a HTTP/1.9\r\nHost: h\r\nX-Empty:\r\nExpect: 100-continue\r\n\r\n";
  HeadParser parser;
  RequestHead head;
  REQUIRE(parser.parse(text, head) == State::complete);
  CHECK(head.minor_version == 1);
  CHECK(head.keep_alive);
  CHECK(head.expect_continue);
  CHECK(head.target.data() == text.data() + 4);
  CHECK(head.host.data() == text.data() + text.find("h\r"));
}

TEST_CASE("an expectation other than 100-continue is answered 417, and HTTP/1.0 has none") {
  CHECK(judge_field("Expect: 100-continue") == 0);
  CHECK(judge_field("Expect: 100-continue, 100-Continue") == 0);
  CHECK(judge_field("Expect: miracles") == 417);
  CHECK(judge_field("Expect: 100-continue, miracles") == 417);
  CHECK(judge_field("Expect: miracles\r\nExpect: 100-continue") == 417);
  const std::string text = "POST /a HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n";
  HeadParser parser;
  RequestHead head;
  REQUIRE(parser.parse(text, head) == State::complete);
  CHECK_FALSE(head.expect_continue);
}

TEST_CASE("each method has the target forms it may have") {
  CHECK(judge("CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:443\r\n\r\n") == 0);
  CHECK(judge("CONNECT h.example:443 HTTP/1.1\r\nHost: h.example\r\n\r\n") == 0);
  CHECK(judge("CONNECT h.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n") == 400);
  CHECK(judge("CONNECT h.example:443 HTTP/1.1\r\nHost: h.example:80\r\n\r\n") == 400);
  CHECK(judge_line("CONNECT h.example HTTP/1.1") == 400);
  CHECK(judge_line("CONNECT /a HTTP/1.1") == 400);
  CHECK(judge_line("CONNECT http://h.example/ HTTP/1.1") == 400);
  CHECK(judge_line("GET h.example:443 HTTP/1.1") == 400);
  CHECK(judge_line("OPTIONS * HTTP/1.1") == 0);
  CHECK(judge_line("GET * HTTP/1.1") == 400);
  CHECK(judge_line("GET a/b HTTP/1.1") == 400);
  CHECK(judge_line("GET http:///a HTTP/1.1") == 400);
  CHECK(judge_line("GET http://user@h.example/ HTTP/1.1") == 400);
  CHECK(judge_line("GET http://h.example HTTP/1.1") == 0);
  CHECK(judge_line("GET ://h.example/ HTTP/1.1") == 400);
}

TEST_CASE("a target over its limit is answered 414, before and after its end is known") {
  const std::string longest = "/" + std::string(limits::kTargetBytes - 1, 'a');
  CHECK(judge_line("GET " + longest + " HTTP/1.1") == 0);
  CHECK(judge_line("GET " + longest + "a HTTP/1.1") == 414);
  CHECK(judge("GET " + longest) == -1);
  CHECK(judge("GET " + longest + std::string(100, 'a')) == 414);
}

TEST_CASE("a head over its limits is answered 431") {
  std::string many;
  for (std::size_t i = 1; i < limits::kHeadFields; ++i) many += "X: y\r\n";
  const std::string begin = "GET / HTTP/1.1\r\nHost: h\r\n";
  CHECK(judge(begin + many + "\r\n") == 0);
  CHECK(judge(begin + many + "X: y\r\n\r\n") == 431);
  CHECK(judge(begin + many + "X: y\r\n") == 431);
  const std::string rest = "X: ";
  const std::string fits(limits::kHeadBytes - begin.size() - rest.size() - 4, 'a');
  CHECK(judge(begin + rest + fits + "\r\n\r\n") == 0);
  CHECK(judge(begin + rest + fits + "a\r\n\r\n") == 431);
  CHECK(judge(begin + rest + fits + "aaaaa") == 431);
}

TEST_CASE("after a refusal nothing is accepted until the parser is reset") {
  HeadParser parser;
  RequestHead head;
  CHECK(parser.parse("GET / HTTP/1.1\n", head) == State::refused);
  CHECK(parser.parse("GET / HTTP/1.0\r\n\r\n", head) == State::refused);
  parser.reset();
  CHECK(parser.parse("GET / HTTP/1.0\r\n\r\n", head) == State::complete);
}
