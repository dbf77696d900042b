// SPDX-License-Identifier: MIT
#include "base/bytes.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

using larder::format_bytes;
using larder::kGiB;
using larder::kMiB;
using larder::parse_bytes;

TEST_CASE("an amount of bytes is read in every unit") {
  const auto [text, bytes] = GENERATE(table<std::string, std::uint64_t>({{"0", 0},
                                                                         {"4096", 4096},
                                                                         {"1 B", 1},
                                                                         {"3kB", 3000},
                                                                         {"3 KiB", 3072},
                                                                         {"64 MB", 64'000'000},
                                                                         {"64 MiB", 64 * kMiB},
                                                                         {"2gb", 2'000'000'000},
                                                                         {"200 GiB", 200 * kGiB},
                                                                         {"1.5 TiB", 1536 * kGiB},
                                                                         {"1 tb", 1'000'000'000'000},
                                                                         {"9223372036854775807", INT64_MAX}}));
  const auto amount = parse_bytes(text);
  INFO(text);
  REQUIRE(amount.has_value());
  CHECK(*amount == bytes);
}

TEST_CASE("what is not an amount of bytes is refused with the text in the message") {
  const std::string text =
      GENERATE(as<std::string>(), "", " ", "GiB", "-1", "+1", "1e3", "0x10", "1  KiB", "1 KiB ", " 1", "1.", ".5 MiB",
               "1.5", "1..5 MiB", "1 XiB", "9223372036854775808", "9000000000 TiB", "1 ", "nan", "inf GB", "1_000");
  const auto amount = parse_bytes(text);
  INFO(text);
  REQUIRE_FALSE(amount.has_value());
  CHECK(amount.error().kind == larder::ErrorKind::invalid);
  CHECK(amount.error().message.find(text) != std::string::npos);
}

TEST_CASE("bytes are written for people with a unit that keeps the number short") {
  CHECK(format_bytes(0) == "0 B");
  CHECK(format_bytes(1023) == "1023 B");
  CHECK(format_bytes(1024) == "1.0 KiB");
  CHECK(format_bytes(1536) == "1.5 KiB");
  CHECK(format_bytes(150 * kMiB) == "150 MiB");
  CHECK(format_bytes(18'391'902'710) == "17.1 GiB");
  CHECK(format_bytes(5000ULL * 1024 * kGiB) == "5000 TiB");
}
