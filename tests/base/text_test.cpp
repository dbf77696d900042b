// SPDX-License-Identifier: MIT
#include "base/text.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

TEST_CASE("letter case is folded for ASCII only, whatever the locale") {
  CHECK(larder::to_lower("SWCDN.Apple.COM") == "swcdn.apple.com");
  CHECK(larder::to_lower(std::string_view("\xC3\x84")) == "\xC3\x84");
  CHECK(larder::equals_ignoring_case("Range", "rAnGE"));
  CHECK_FALSE(larder::equals_ignoring_case("Range", "Ranges"));
  CHECK_FALSE(larder::equals_ignoring_case("@", "`"));
  CHECK(larder::ends_with_ignoring_case("Outlook.PKG", ".pkg"));
  CHECK_FALSE(larder::ends_with_ignoring_case("pkg", ".pkg"));
}

TEST_CASE("trim takes spaces, tabs and line ends from both sides and nothing from within") {
  CHECK(larder::trim(" \t a b \r\n") == "a b");
  CHECK(larder::trim(" \r\n\t").empty());
  CHECK(larder::trim("").empty());
}

TEST_CASE("a decimal is digits and nothing else") {
  CHECK(larder::parse_decimal("0") == 0U);
  CHECK(larder::parse_decimal("007") == 7U);
  CHECK(larder::parse_decimal("18446744073709551615") == UINT64_MAX);
  for (const char* text : {"", "-1", "+5", " 1", "1 ", "0x5", "1.0", "18446744073709551616", "99999999999999999999"}) {
    INFO(text);
    CHECK_FALSE(larder::parse_decimal(text).has_value());
  }
}

TEST_CASE("split keeps empty parts") {
  using Parts = std::vector<std::string_view>;
  CHECK(larder::split("a,b,,c,", ',') == Parts{"a", "b", "", "c", ""});
  CHECK(larder::split("", ',') == Parts{""});
}

TEST_CASE("percent escapes are decoded once") {
  CHECK(larder::percent_decode("Skype%20for%20Business") == "Skype for Business");
  CHECK(larder::percent_decode("%2541") == "%41");
  CHECK(larder::percent_decode("%2f%2F") == "//");
  CHECK(larder::percent_decode("%00") == std::string(1, '\0'));
}

TEST_CASE("a malformed escape is refused, not passed on") {
  for (const char* text : {"%", "%2", "a%", "%zz", "%2g", "abc%4"}) {
    INFO(text);
    CHECK_FALSE(larder::percent_decode(text).has_value());
  }
}

TEST_CASE("text is printable when it is well-formed UTF-8 without control characters") {
  CHECK(larder::is_printable_utf8(""));
  CHECK(larder::is_printable_utf8("Zo\xC3\xAB's iPad \xF0\x9F\x8D\x8F"));
  for (const std::string_view text : {"a\nb", "\x1B[31m", "\x7F", "\x80", "\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80",
                                      "\xF4\x90\x80\x80", "\xC3", "\xF5"}) {
    CHECK_FALSE(larder::is_printable_utf8(text));
  }
}

TEST_CASE("edit distance counts insertions, deletions and replacements") {
  CHECK(larder::edit_distance("", "") == 0);
  CHECK(larder::edit_distance("cache_size", "cache_size") == 0);
  CHECK(larder::edit_distance("cache_size", "cache-size") == 1);
  CHECK(larder::edit_distance("kitten", "sitting") == 3);
  CHECK(larder::edit_distance("", "abc") == 3);
  CHECK(larder::edit_distance("abc", "") == 3);
}
