// SPDX-License-Identifier: MIT
#include "proxy/range.h"

#include <catch2/catch.hpp>
#include <string>

#include "base/limits.h"

using namespace larder::proxy;

namespace {

RangeSet ask(std::string_view value, std::uint64_t size) {
  const auto specs = parse_range(value);
  return specs ? resolve(*specs, size) : RangeSet{};
}

using Ranges = std::vector<ByteRange>;

}  // namespace

TEST_CASE("a range is resolved against the object's size") {
  CHECK(ask("bytes=0-99", 1000).ranges == Ranges{{0, 100}});
  CHECK(ask("bytes=900-", 1000).ranges == Ranges{{900, 1000}});
  CHECK(ask("bytes=-100", 1000).ranges == Ranges{{900, 1000}});
  CHECK(ask("bytes=-5000", 1000).ranges == Ranges{{0, 1000}});
  CHECK(ask("bytes=999-5000", 1000).ranges == Ranges{{999, 1000}});
  CHECK(ask("bytes=0-", 1000).ranges == Ranges{{0, 1000}});
  CHECK(ask("bytes=0-0", 1).ranges == Ranges{{0, 1}});
  CHECK(ask(" BYTES=0-0 ", 9).ranges == Ranges{{0, 1}});
  CHECK(ask("bytes=0-99", 1000).verdict == RangeVerdict::partial);
}

TEST_CASE("positions beyond 64 bits are as good as the largest") {
  CHECK(ask("bytes=5-99999999999999999999999", 10).ranges == Ranges{{5, 10}});
  CHECK(ask("bytes=-99999999999999999999999", 10).ranges == Ranges{{0, 10}});
  CHECK(ask("bytes=99999999999999999999999-", 10).verdict == RangeVerdict::unsatisfiable);
  CHECK(ask("bytes=0-18446744073709551615", UINT64_MAX).ranges == Ranges{{0, UINT64_MAX}});
}

TEST_CASE("what cannot be satisfied is said so, unless another range can") {
  CHECK(ask("bytes=1000-", 1000).verdict == RangeVerdict::unsatisfiable);
  CHECK(ask("bytes=-0", 1000).verdict == RangeVerdict::unsatisfiable);
  CHECK(ask("bytes=0-0", 0).verdict == RangeVerdict::unsatisfiable);
  CHECK(ask("bytes=2000-,0-0", 1000).ranges == Ranges{{0, 1}});
  CHECK(ask("bytes=-5", 0).verdict == RangeVerdict::whole);
}

TEST_CASE("a Range field that is no byte range is ignored") {
  for (const auto* value :
       {"", "bytes", "bytes=", "bytes=,", "bytes=a-b", "bytes=5-2", "bytes=-", "bytes=1", "bytes 0-1", "items=0-1",
        "bytes=0-1;2-3", "bytes=0 -1", "bytes=+0-1", "bytes=0-1,x", "bytes=--1", "bytes=0x0-0x1", "bytes=0-1-2"}) {
    INFO(value);
    CHECK_FALSE(parse_range(value).has_value());
    CHECK(ask(value, 1000).verdict == RangeVerdict::whole);
  }
}

TEST_CASE("a few ranges are kept in the order they were asked, overlapping or not") {
  CHECK(ask("bytes=500-599, 0-9 ,,5-19", 1000).ranges == Ranges{{500, 600}, {0, 10}, {5, 20}});
}

TEST_CASE("many ranges, or more bytes than there are, are sorted and merged") {
  CHECK(ask("bytes=40-49,0-9,10-19,5-14,30-34", 1000).ranges == Ranges{{0, 20}, {30, 35}, {40, 50}});
  CHECK(ask("bytes=0-999,0-999,0-999", 1000).ranges == Ranges{{0, 1000}});
}

TEST_CASE("more ranges than the limit after merging mean the whole object") {
  std::string apart = "bytes=";
  std::string touching = "bytes=";
  for (std::size_t i = 0; i <= larder::limits::kRanges; ++i) {
    apart += std::to_string(i * 10) + "-" + std::to_string(i * 10) + ",";
    touching += std::to_string(i) + "-" + std::to_string(i) + ",";
  }
  CHECK(ask(apart, 100000).verdict == RangeVerdict::whole);
  CHECK(ask(touching, 100000).ranges == Ranges{{0, larder::limits::kRanges + 1}});
  std::string endless = "bytes=";
  for (int i = 0; i < 5000; ++i) endless += "0-0,";
  CHECK_FALSE(parse_range(endless).has_value());
}

TEST_CASE("Content-Range speaks of the last byte, not of the end") {
  CHECK(content_range({0, 100}, 1000) == "bytes 0-99/1000");
  CHECK(content_range_unsatisfied(1000) == "bytes */1000");
}

TEST_CASE("a multipart body is as long as it was said to be") {
  const Ranges ranges{{0, 10}, {500, 505}};
  std::string body;
  for (const auto& range : ranges) {
    body += multipart_part_head("BOUNDARY", "application/x", range, 1000);
    body += std::string(range.size(), '.');
  }
  body += multipart_end("BOUNDARY");
  CHECK(body ==
        "\r\n--BOUNDARY\r\nContent-Type: application/x\r\nContent-Range: bytes 0-9/1000\r\n\r\n.........."
        "\r\n--BOUNDARY\r\nContent-Type: application/x\r\nContent-Range: bytes 500-504/1000\r\n\r\n....."
        "\r\n--BOUNDARY--\r\n");
  CHECK(multipart_length("BOUNDARY", "application/x", ranges, 1000) == body.size());
  CHECK(multipart_part_head("B", "", {0, 1}, 2) == "\r\n--B\r\nContent-Range: bytes 0-0/2\r\n\r\n");
  CHECK(multipart_content_type("B") == "multipart/byteranges; boundary=B");
}
