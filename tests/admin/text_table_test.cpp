// SPDX-License-Identifier: MIT
#include "admin/text_table.h"

#include <catch2/catch.hpp>

#include "admin/progress_bar.h"

using namespace larder::admin;

TEST_CASE("a table's columns stand under their titles") {
  CHECK(text_table({{"NAME"}, {"SIZE", Align::right}}, {{"a", "1"}, {"longer", "1000"}}, 0) ==
        "NAME    SIZE\n"
        "a          1\n"
        "longer  1000\n");
}

TEST_CASE("a table fits its terminal by cutting the widest text, never a number") {
  const auto text = text_table({{"URL"}, {"SIZE", Align::right}}, {{"http://swcdn.apple.com/content", "1000000"}}, 20);
  CHECK(text ==
        "URL             SIZE\n"
        "http://swc\u2026  1000000\n");
}

TEST_CASE("a table that cannot fit is still whole in its numbers") {
  CHECK_THAT(text_table({{"URL"}, {"SIZE", Align::right}}, {{"http://swcdn", "123456789"}}, 5),
             Catch::Contains("123456789"));
}

TEST_CASE("characters are counted, not bytes, and never cut in two") {
  CHECK(text_table({{"N"}, {"M"}}, {{"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", "x"}}, 9) ==
        "N       M\n"
        "\u00e9\u00e9\u00e9\u00e9\u00e9\u2026  x\n");
}

TEST_CASE("a device's name cannot write to the terminal") {
  CHECK(text_table({{"N"}}, {{"a\x1b[2Jb"}}, 0) == "N\na?[2Jb\n");
}

TEST_CASE("a text is wrapped at words") {
  CHECK(wrapped("one two three", 2, 9) == "  one two\n  three\n");
  CHECK(wrapped("one two three", 0, 0) == "one two three\n");
  CHECK(wrapped("overlongword x", 0, 5) == "overlongword\nx\n");
}

TEST_CASE("a line of progress says how far, how fast and how long yet, and fits the terminal") {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  CHECK(progress_text("sent", 25 * kMiB, 100 * kMiB, 5.0 * kMiB, 0) ==
        "sent  [#####---------------]  25 %  25.0 MiB of 100 MiB  5.0 MiB/s  0:15 left");
  CHECK(progress_text("sent", 25 * kMiB, 100 * kMiB, 0.01 * kMiB, 60) ==
        "sent  25 %  25.0 MiB of 100 MiB  10.2 KiB/s  2:05:00 left");
  CHECK(progress_text("sent", 25 * kMiB, 100 * kMiB, 5.0 * kMiB, 35) == "sent  25 %  25.0 MiB of 100 MiB");
  CHECK(progress_text("sent", 25 * kMiB, 100 * kMiB, 0, 10) == "25 %  25.0");
  CHECK(progress_text("received", 3 * kMiB, 0, 0, 0) == "received  3.0 MiB");
  CHECK(progress_text("sent", 200 * kMiB, 100 * kMiB, 0, 0) ==
        "sent  [####################]  100 %  200 MiB of 100 MiB");
}
