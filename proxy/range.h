// SPDX-License-Identifier: MIT
// Range requests (RFC 9110 14): what was asked, what of it exists, and how several ranges are sent as one body. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace larder::proxy {

// [first, end) of an object. Never empty.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::uint64_t size() const { return end - first; }
  bool operator==(const ByteRange&) const = default;
};

// As written: "first-last", "first-" (no last), "-last" (no first: the last so many bytes). Numbers too large for 64
// bits are the largest.
struct RangeSpec {
  std::optional<std::uint64_t> first;
  std::optional<std::uint64_t> last;
  bool operator==(const RangeSpec&) const = default;
};

// Nothing: the field must be ignored and the whole object sent (another unit, malformed, or more than sixteen times
// limits::kRanges ranges).
std::optional<std::vector<RangeSpec>> parse_range(std::string_view value);

enum class RangeVerdict {
  whole,         // 200: as if no Range had been sent
  partial,       // 206: one range, or several as multipart/byteranges
  unsatisfiable  // 416
};

struct RangeSet {
  RangeVerdict verdict = RangeVerdict::whole;
  std::vector<ByteRange> ranges;  // not empty when partial, empty otherwise
};

// What the ranges are of an object of this size. Up to four ranges are kept as asked, in their order. More of them, or
// ranges that together are longer than the object, are sorted, and merged where they overlap or touch; if more than
// limits::kRanges are left then, the whole is sent.
RangeSet resolve(std::span<const RangeSpec> specs, std::uint64_t size_bytes);

std::string content_range(ByteRange range, std::uint64_t size_bytes);  // "bytes 0-99/1000"
std::string content_range_unsatisfied(std::uint64_t size_bytes);       // "bytes */1000"
std::string multipart_content_type(std::string_view boundary);         // "multipart/byteranges; boundary=..."

// What goes before each range's bytes, and after the last (RFC 9110 14.6). The boundary is the caller's: at most 70
// letters and digits that do not occur in the object by chance. `content_type` may be "".
std::string multipart_part_head(std::string_view boundary, std::string_view content_type, ByteRange range,
                                std::uint64_t size_bytes);
std::string multipart_end(std::string_view boundary);

// Content-Length of the whole multipart body.
std::uint64_t multipart_length(std::string_view boundary, std::string_view content_type,
                               std::span<const ByteRange> ranges, std::uint64_t size_bytes);

}  // namespace larder::proxy
