// SPDX-License-Identifier: MIT
#include "cache/cache_control.h"

#include <catch2/catch.hpp>

#include "cache/dictionary.h"

using namespace larder::cache;
using namespace std::chrono_literals;
using Names = std::vector<std::string>;

TEST_CASE("directives are read in any letter case, quoted or not, over several lines") {
  const auto read = response_directives({{"cache-control", "PUBLIC, Max-Age=\"60\""}, {"Cache-Control", "immutable"}});
  CHECK(read.is_public);
  CHECK(read.immutable);
  CHECK(read.max_age == 60s);
  CHECK_FALSE(read.targeted);
}

TEST_CASE("what stands in quotes is no directive") {
  const auto read = response_directives({{"Cache-Control", R"(ext="no-store, \", private", max-age=1)"}});
  CHECK_FALSE(read.no_store);
  CHECK_FALSE(read.is_private);
  CHECK(read.max_age == 1s);
}

TEST_CASE("private and no-cache may name fields, and speak of those alone") {
  const auto read = response_directives({{"Cache-Control", "private=\"X-A, x-b\", no-cache=X-C"}});
  CHECK_FALSE(read.is_private);
  CHECK_FALSE(read.no_cache);
  CHECK(read.withheld == Names{"X-A", "x-b", "X-C"});
  const auto empty = response_directives({{"Cache-Control", "private=\"\", no-cache="}});
  CHECK(empty.is_private);
  CHECK(empty.no_cache);
}

TEST_CASE("Pragma counts in a request without Cache-Control only") {
  CHECK(request_directives("", "no-cache").no_cache);
  CHECK(request_directives("", "x, No-Cache").no_cache);
  CHECK_FALSE(request_directives("max-age=1", "no-cache").no_cache);
  CHECK_FALSE(request_directives("", "").no_cache);
}

TEST_CASE("the directives of a request are read") {
  const auto read = request_directives("max-age=1, min-fresh=2, max-stale=3, no-store, only-if-cached", "");
  CHECK(read.max_age == 1s);
  CHECK(read.min_fresh == 2s);
  CHECK(read.max_stale == 3s);
  CHECK(read.no_store);
  CHECK(read.only_if_cached);
  CHECK_FALSE(read.no_cache);
  CHECK(request_directives("max-stale", "").max_stale > 9999999s);
}

TEST_CASE("a dictionary is read as RFC 8941 writes it") {
  using Kind = DictionaryMember::Kind;
  const auto read = parse_dictionary("a, b=?0, c=-12;x=1;y, d=tok/en , e=\"q\\\"s\", f=1.5, g=(1 \"a\"), h=:YWI=:");
  REQUIRE(read);
  REQUIRE(read->size() == 8);
  const auto is = [&](std::size_t at, const char* key, Kind kind, const char* value) {
    INFO(key);
    CHECK(read->at(at).key == key);
    CHECK(read->at(at).kind == kind);
    CHECK(read->at(at).value == value);
  };
  is(0, "a", Kind::yes, "");
  is(1, "b", Kind::no, "");
  is(2, "c", Kind::integer, "-12");
  is(3, "d", Kind::token, "tok/en");
  is(4, "e", Kind::string, "q\"s");
  is(5, "f", Kind::other, "");
  is(6, "g", Kind::other, "");
  is(7, "h", Kind::other, "");
  CHECK(parse_dictionary("a=1, a=2")->at(0).value == "2");
  CHECK(parse_dictionary("")->empty());
}

TEST_CASE("a list is one only when every member can be read") {
  for (const auto* right : {"a", " a; hit", "a;x=1, \"b c\";y=tok", "(a b);z , 12", "a ,b"}) {
    INFO(right);
    CHECK(is_list(right));
  }
  for (const auto* wrong : {"", " ", "a,", ",a", "a b", "a;", "a; X=1", "\"a", "a, \"b", "a;x=", "(a", "=1"}) {
    INFO(wrong);
    CHECK_FALSE(is_list(wrong));
  }
}

TEST_CASE("a dictionary with any part malformed is none") {
  for (const auto* wrong : {"a,", ",a", "A=1", "a =1", "a= 1", "a=", "a=\"x", "a=1 b", "a=?2", "a=1234567890123456",
                            "a=1.", "a=1.2345", "a=(1", "a=:x", "a;", "a;B", "a=&", "a=\"\x01\"", "a=-"}) {
    INFO(wrong);
    CHECK_FALSE(parse_dictionary(wrong).has_value());
  }
}
