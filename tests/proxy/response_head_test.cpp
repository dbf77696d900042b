// SPDX-License-Identifier: MIT
#include "proxy/response_head.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace larder::proxy;
using larder::cache::Fields;
using State = OriginHead::State;

namespace {

State feed(OriginHead& head, const std::vector<std::string>& lines) {
  State state = State::incomplete;
  for (const auto& line : lines) state = head.add_line(line + "\r\n");
  return state;
}

OriginAnswer answer(const std::vector<std::string>& lines) {
  OriginHead head;
  REQUIRE(feed(head, lines) == State::complete);
  return head.take();
}

bool refused(const std::vector<std::string>& lines) {
  OriginHead head;
  const bool is = feed(head, lines) == State::refused;
  if (is) CHECK_FALSE(head.reason().empty());
  return is;
}

std::string written(const ClientAnswer& client) {
  std::string out;
  write_response_head(client, "Mon, 17 Aug 2026 15:04:05 GMT", out);
  return out;
}

bool has_line(const std::string& head, const std::string& line) {
  return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

}  // namespace

TEST_CASE("an origin's head is split into what is kept, what has its place, and what goes") {
  const auto got =
      answer({"HTTP/2 200 ", "Content-Type: application/octet-stream", "content-length: 1000", "ETag: \"abc\"",
              "Last-Modified: Mon, 02 Mar 2026 10:00:00 GMT", "Cache-Control: max-age=60",
              "Date: Mon, 02 Mar 2026 10:00:00 GMT", "Age: 5", "Via: 1.1 x", "Set-Cookie: a=b",
              "Connection: close, X-Hop", "X-Hop: 1", "Keep-Alive: timeout=5", "Alt-Svc: h3=\":443\"",
              "X-Apple-Thing: kept", "Accept-Ranges: bytes", "Content-Encoding: gzip", "Location: /b", ""});
  CHECK(got.status == 200);
  CHECK(got.content_length == 1000U);
  CHECK(got.validators.etag == "\"abc\"");
  CHECK(got.validators.last_modified == "Mon, 02 Mar 2026 10:00:00 GMT");
  CHECK(got.content_encoding == "gzip");
  CHECK(got.location == "/b");
  CHECK(got.received.size() == 17);
  CHECK(got.kept == Fields{{"Content-Type", "application/octet-stream"},
                           {"Cache-Control", "max-age=60"},
                           {"Date", "Mon, 02 Mar 2026 10:00:00 GMT"},
                           {"X-Apple-Thing", "kept"},
                           {"Content-Encoding", "gzip"},
                           {"Location", "/b"},
                           {"Via", "1.1 x, 2.0 larder"}});
  CHECK(got.personal == Fields{{"Set-Cookie", "a=b"}});
  CHECK(got.withheld.empty());
}

TEST_CASE("fields that Cache-Control calls private are not kept") {
  const auto got =
      answer({"HTTP/1.1 200 OK", "Cache-Control: max-age=1, private=\"X-User, X-Mail\", No-Cache=\"X-Now\"",
              "X-User: u", "X-Mail: m", "X-Now: n", "X-Other: o", ""});
  CHECK(got.kept.size() == 2);
  CHECK(got.kept.back().first == "X-Other");
  CHECK(got.withheld == Fields{{"X-User", "u"}, {"X-Mail", "m"}, {"X-Now", "n"}});
}

TEST_CASE("interim answers are forgotten when the next status line comes, and are not endless") {
  const auto got = answer({"HTTP/1.1 100 Continue", "X-A: 1", "", "HTTP/1.1 103 Early Hints", "",
                           "HTTP/1.1 206 Partial Content", "Content-Range: bytes 10-19/100", ""});
  CHECK(got.status == 206);
  CHECK(got.kept.empty());
  REQUIRE(got.content_range.has_value());
  CHECK(*got.content_range == ContentRange{true, 10, 20, 100});
  std::vector<std::string> lines;
  for (int i = 0; i < 16; ++i) lines.insert(lines.end(), {"HTTP/1.1 102 Processing", ""});
  auto endless = lines;
  lines.insert(lines.end(), {"HTTP/1.1 200 OK", ""});
  CHECK(answer(lines).status == 200);
  endless.insert(endless.end(), {"HTTP/1.1 102 Processing", ""});
  endless.insert(endless.end(), {"HTTP/1.1 102 Processing"});
  CHECK(refused(endless));
}

TEST_CASE("an origin's status line is read strictly") {
  for (const auto* line :
       {"HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/2 200 ", "HTTP/1.1 200", "HTTP/1.1 599 \xC3\xA4"}) {
    INFO(line);
    OriginHead head;
    CHECK(head.add_line(std::string(line) + "\r\n") == State::incomplete);
  }
  for (const auto* line : {"HTTP/1.1 2000 OK", "HTTP/1.1 200OK", "HTTP/1.1  200 OK", " HTTP/1.1 200 OK",
                           "http/1.1 200 OK", "HTTP/1.2 200 OK", "HTTP/2.0 200 OK", "HTTP/3 200 OK", "HTTP/11 200 OK",
                           "HTTP/1.1 +20 OK", "HTTP/1.1 099 OK", "HTTP/1.1 600 OK", "HTTP/1.1 101 Switching Protocols",
                           "ICY 200 OK", "HTTP/1.1 200 O\rK", "HTTP/1.1\t200 OK", ""}) {
    INFO(line);
    CHECK(refused({line}));
  }
}

TEST_CASE("a status line within a head, and a second head, are refused") {
  CHECK(refused({"HTTP/1.1 200 OK", "X: 1", "HTTP/1.1 206 Partial Content", ""}));
  CHECK(refused({"HTTP/1.1 200 OK", "", "HTTP/1.1 200 OK", ""}));
  CHECK(refused({"HTTP/1.1 100 Continue", "", "X: 1", ""}));
}

TEST_CASE("a line that ends without CRLF is refused") {
  OriginHead bare;
  CHECK(bare.add_line("HTTP/1.1 200 OK\n") == State::refused);
  OriginHead none;
  REQUIRE(none.add_line("HTTP/1.1 200 OK\r\n") == State::incomplete);
  CHECK(none.add_line("X: 1\n") == State::refused);
}

TEST_CASE("an origin's framing is taken only when it can be read in one way") {
  CHECK(answer({"HTTP/1.1 200 OK", "Transfer-Encoding: Chunked", ""}).chunked);
  for (const auto* coding :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "", "\"chunked\""}) {
    INFO(coding);
    CHECK(refused({"HTTP/1.1 200 OK", std::string("Transfer-Encoding: ") + coding, ""}));
  }
  CHECK(refused({"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", ""}));
  CHECK(refused({"HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Length: 5", ""}));
  CHECK(refused({"HTTP/1.0 200 OK", "Transfer-Encoding: chunked", ""}));
  CHECK(refused({"HTTP/1.1 204 No Content", "Transfer-Encoding: chunked", ""}));
  CHECK(refused({"HTTP/1.1 204 No Content", "Content-Length: 5", ""}));
  CHECK(refused({"HTTP/1.1 103 Early Hints", "Content-Length: 5", ""}));
  CHECK(answer({"HTTP/1.1 204 No Content", "Content-Length: 0", ""}).status == 204);
  CHECK(answer({"HTTP/1.1 304 Not Modified", "Content-Length: 5", ""}).content_length == 5U);
}

TEST_CASE("a field that may stand once is refused when it says two things") {
  for (const auto* name : {"ETag", "Last-Modified", "Location", "Content-Type", "Content-Range"}) {
    INFO(name);
    CHECK(refused({"HTTP/1.1 200 OK", std::string(name) + ": a", std::string(name) + ": b", ""}));
    CHECK(answer({"HTTP/1.1 200 OK", std::string(name) + ": a", std::string(name) + ": a", ""}).status == 200);
  }
}

TEST_CASE("Via is kept and grows by the version the origin spoke, Date only when it is one") {
  CHECK(answer({"HTTP/1.0 200 OK", ""}).kept == Fields{{"Via", "1.0 larder"}});
  CHECK(answer({"HTTP/1.1 200 OK", ""}).kept.empty());
  CHECK(answer({"HTTP/1.1 200 OK", "Via: 1.1 a", "Via: 1.0 b (c)", ""}).kept ==
        Fields{{"Via", "1.1 a, 1.0 b (c), 1.1 larder"}});
  CHECK(answer({"HTTP/1.1 200 OK", "Date: yesterday", ""}).kept.empty());
  CHECK(answer({"HTTP/1.1 200 OK", "Date: Mon, 02 Mar 2026 10:00:00 GMT", "Date: Tue, 03 Mar 2026 10:00:00 GMT", ""})
            .kept.size() == 1);
  const Fields fields = {{"date", "Mon, 02 Mar 2026 10:00:00 GMT"}, {"Via", "1.1 a, 1.1 larder"}};
  ClientAnswer client;
  client.fields = &fields;
  CHECK(written(client) == "HTTP/1.1 200 OK\r\ndate: Mon, 02 Mar 2026 10:00:00 GMT\r\nVia: 1.1 a, 1.1 larder\r\n\r\n");
}

TEST_CASE("Content-Range is the message's in a part, and a field like others elsewhere") {
  const Fields said = {{"Content-Range", "bytes 0-4/9"}};
  CHECK(answer({"HTTP/1.1 200 OK", "Content-Range: bytes 0-4/9", ""}).kept == said);
  CHECK(answer({"HTTP/1.1 206 Partial Content", "Content-Range: bytes 0-4/9", ""}).kept.empty());
  CHECK(answer({"HTTP/1.1 416 Range Not Satisfiable", "Content-Range: bytes */9", ""}).kept.empty());
  ClientAnswer client;
  client.fields = &said;
  CHECK(has_line(written(client), "Content-Range: bytes 0-4/9"));
  client.status = 206;
  client.content_range = "bytes 1-2/9";
  CHECK_FALSE(has_line(written(client), "Content-Range: bytes 0-4/9"));
}

TEST_CASE("a 206 of several parts needs no Content-Range of its own") {
  CHECK(answer({"HTTP/1.1 206 Partial Content", "Content-Type: multipart/byteranges; boundary=x", ""}).status == 206);
}

TEST_CASE("an origin's head that cannot be trusted is refused") {
  CHECK(refused({"X: 1", ""}));
  CHECK(refused({"HTTP/1.1 20 OK"}));
  CHECK(refused({"HTTP/1.1 999 OK"}));
  CHECK(refused({"HTTP/1.1 abc"}));
  CHECK(refused({"HTTP/1.1"}));
  CHECK(refused({"HTTP/1.1 200 OK", "no colon", ""}));
  CHECK(refused({"HTTP/1.1 200 OK", "X Y: 1", ""}));
  CHECK(refused({"HTTP/1.1 200 OK", " folded", ""}));
  CHECK(refused({"HTTP/1.1 200 OK", "X: a\rSet-Evil: b", ""}));
  CHECK(refused({"HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2", ""}));
  CHECK(refused({"HTTP/1.1 200 OK", "Content-Length: -1", ""}));
  CHECK(refused({"HTTP/1.1 206 Partial Content", ""}));
  CHECK(refused({"HTTP/1.1 206 Partial Content", "Content-Range: bytes */5", ""}));
  std::vector<std::string> many(130, "X: y");
  many.front() = "HTTP/1.1 200 OK";
  CHECK(refused(many));
  CHECK(refused({"HTTP/1.1 200 OK", "X: " + std::string(33000, 'a')}));
}

TEST_CASE("a length said twice alike is one") {
  CHECK(answer({"HTTP/1.1 200 OK", "Content-Length: 7", "Content-Length: 7, 7", ""}).content_length == 7U);
}

TEST_CASE("an ETag that is none counts as none") {
  const auto etag = [](const std::string& value) {
    return answer({"HTTP/1.1 200 OK", "ETag: " + value, ""}).validators.etag;
  };
  CHECK(etag("\"a\"") == "\"a\"");
  CHECK(etag("W/\"a\"") == "W/\"a\"");
  CHECK(etag("\"\"") == "\"\"");
  CHECK(etag("a").empty());
  CHECK(etag("\"a").empty());
  CHECK(etag("\"a\"b\"").empty());
  CHECK(etag("\"").empty());
  CHECK(etag("w/\"a\"").empty());
}

TEST_CASE("Content-Range is read strictly") {
  CHECK(parse_content_range("bytes 0-0/1") == ContentRange{true, 0, 1, 1});
  CHECK(parse_content_range("Bytes 5-9/*") == ContentRange{true, 5, 10, {}});
  CHECK(parse_content_range("bytes */99") == ContentRange{false, 0, 0, 99});
  for (const auto* wrong : {"", "bytes", "bytes */*", "bytes 5-4/9", "bytes 0-9/9", "bytes 0-/9", "bytes -1/9",
                            "bytes 0-1", "items 0-1/2", "bytes a-b/c", "bytes 0-18446744073709551615/*"}) {
    INFO(wrong);
    CHECK_FALSE(parse_content_range(wrong).has_value());
  }
}

TEST_CASE("a client is told everything Larder knows, in one head") {
  const Fields fields = {{"Content-Type", "text/plain"}, {"Cache-Control", "max-age=60"}};
  const auto digest = larder::Sha256::of({});
  ClientAnswer client;
  client.etag = "\"abc\"";
  client.last_modified = "Mon, 02 Mar 2026 10:00:00 GMT";
  client.fields = &fields;
  client.content_length = 1000;
  client.accept_ranges = true;
  client.age = std::chrono::seconds(12);
  client.cache_status = "hit";
  client.digest = &digest;
  client.connection = ClientAnswer::Connection::keep_alive;
  CHECK(written(client) ==
        "HTTP/1.1 200 OK\r\nDate: Mon, 17 Aug 2026 15:04:05 GMT\r\nVia: 1.1 larder\r\nAge: 12\r\n"
        "Cache-Status: larder; hit\r\nContent-Type: text/plain\r\nCache-Control: max-age=60\r\nETag: \"abc\"\r\n"
        "Last-Modified: Mon, 02 Mar 2026 10:00:00 GMT\r\nAccept-Ranges: bytes\r\n"
        "Repr-Digest: sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:\r\nContent-Length: 1000\r\n"
        "Connection: keep-alive\r\n\r\n");
}

TEST_CASE("a part of an object says which, and several say so in place of the object's type") {
  const Fields fields = {{"content-type", "text/plain"}};
  ClientAnswer client;
  client.status = 206;
  client.fields = &fields;
  client.content_range = "bytes 0-9/100";
  CHECK(has_line(written(client), "Content-Range: bytes 0-9/100"));
  CHECK(has_line(written(client), "content-type: text/plain"));
  client.content_type = "multipart/byteranges; boundary=B";
  CHECK(has_line(written(client), "Content-Type: multipart/byteranges; boundary=B"));
  CHECK_FALSE(has_line(written(client), "content-type: text/plain"));
}

TEST_CASE("a 304 says nothing of a content it does not have") {
  const Fields fields = {{"Content-Type", "text/plain"}, {"Content-Location", "/x"}, {"Vary", "Accept-Encoding"}};
  ClientAnswer client;
  client.status = 304;
  client.fields = &fields;
  client.etag = "\"abc\"";
  const auto head = written(client);
  CHECK(head.starts_with("HTTP/1.1 304 Not Modified\r\n"));
  CHECK_FALSE(has_line(head, "Content-Type: text/plain"));
  CHECK(has_line(head, "Content-Location: /x"));
  CHECK(has_line(head, "Vary: Accept-Encoding"));
  CHECK(has_line(head, "ETag: \"abc\""));
}

TEST_CASE("extra fields, chunking and closing are written as told") {
  const Fields extra = {{"Allow", "GET, HEAD"}};
  ClientAnswer client;
  client.status = 405;
  client.extra = &extra;
  client.chunked = true;
  client.connection = ClientAnswer::Connection::close;
  client.age = std::chrono::seconds(-3);
  const auto head = written(client);
  CHECK(has_line(head, "Allow: GET, HEAD"));
  CHECK(has_line(head, "Transfer-Encoding: chunked"));
  CHECK(has_line(head, "Connection: close"));
  CHECK(has_line(head, "Age: 0"));
  CHECK(head.ends_with("\r\n\r\n"));
  CHECK(reason_phrase(299) == "Unknown");
}

TEST_CASE("the date is made anew when the second changes") {
  using namespace std::chrono_literals;
  const larder::WallTime time{std::chrono::seconds(1786979045)};
  HttpDate date;
  const std::string first(date.at(time));
  CHECK(first == larder::to_http_date(time));
  CHECK(date.at(time + 999ms) == first);
  CHECK(date.at(time + 1000ms) == larder::to_http_date(time + 1s));
}
