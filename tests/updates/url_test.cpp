// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "updates/canonical.h"

using larder::updates::Url;

TEST_CASE("a URL is read into its parts") {
  const auto url = Url::parse("HTTPS://SwCdn.Apple.com:8443/a/b%20c?x=1&y=%2F");
  REQUIRE(url);
  CHECK(url->scheme == "https");
  CHECK(url->host == "swcdn.apple.com");
  CHECK(url->port == 8443);
  CHECK(url->path == "/a/b%20c");
  CHECK(url->query == "x=1&y=%2F");
  CHECK(url->target() == "/a/b%20c?x=1&y=%2F");
  CHECK(url->text() == "https://swcdn.apple.com:8443/a/b%20c?x=1&y=%2F");
}

TEST_CASE("the default port is dropped and a missing path is the root") {
  CHECK(Url::parse("http://h.example:80")->text() == "http://h.example/");
  CHECK(Url::parse("https://h.example:443/x")->text() == "https://h.example/x");
  CHECK(Url::parse("https://h.example:/x")->text() == "https://h.example/x");
  CHECK(Url::parse("http://h.example?q")->text() == "http://h.example/?q");
  CHECK(Url::parse("http://h.example./x")->text() == "http://h.example/x");
  CHECK(Url::parse("http://h.example:443/x")->port == 443);
}

TEST_CASE("an IPv6 host loses its brackets and regains them as text") {
  const auto url = Url::parse("http://[2001:DB8::1]:8080/x");
  REQUIRE(url);
  CHECK(url->host == "2001:db8::1");
  CHECK(url->text() == "http://[2001:db8::1]:8080/x");
}

TEST_CASE("what is no plain http URL is refused") {
  for (const std::string text : {"",
                                 "/path",
                                 "swcdn.apple.com/x",
                                 "ftp://h/x",
                                 "http://",
                                 "http:///x",
                                 "http://user@h/x",
                                 "http://u:p@h/x",
                                 "http://h/x#f",
                                 "http://h/a b",
                                 "http://h/a\tb",
                                 "http://h/a\r\nHost: b",
                                 "http://h:0/",
                                 "http://h:65536/",
                                 "http://h:+80/",
                                 "http://h:80x/",
                                 "http://[::1/x",
                                 "http://[zz]/x",
                                 "http://[::1]x/",
                                 "http://a..b/",
                                 "http://.h/",
                                 "http://h%41/",
                                 "http://h\xc3\xa9/",
                                 "http://h/\x7f",
                                 "http:/h/x",
                                 "http://h:8 0/"}) {
    INFO(text);
    const auto url = Url::parse(text);
    REQUIRE_FALSE(url);
    CHECK(url.error().kind == larder::ErrorKind::invalid);
  }
  CHECK_FALSE(Url::parse(std::string("http://h/\0x", 11)));
  CHECK_FALSE(Url::parse("http://" + std::string(254, 'a') + "/"));
  CHECK(Url::parse("http://h/" + std::string(10000, 'a')).error().kind == larder::ErrorKind::too_large);
}
