// SPDX-License-Identifier: MIT
#include "proxy/range.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kKeptAsAsked = 4;
constexpr std::size_t kMostSpecs = 16 * limits::kRanges;

// Digits only; what does not fit is the largest number, as no object is that long.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  return parse_decimal(text).value_or(UINT64_MAX);
}

std::optional<RangeSpec> parse_spec(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  RangeSpec spec;
  if (dash > 0) {
    spec.first = parse_position(text.substr(0, dash));
    if (!spec.first) return std::nullopt;
  }
  if (dash + 1 < text.size()) {
    spec.last = parse_position(text.substr(dash + 1));
    if (!spec.last) return std::nullopt;
  }
  if (!spec.first && !spec.last) return std::nullopt;
  if (spec.first && spec.last && *spec.last < *spec.first) return std::nullopt;
  return spec;
}

// Nothing: it asks for no byte that exists.
std::optional<ByteRange> resolve_one(const RangeSpec& spec, std::uint64_t size) {
  if (!spec.first) {
    const std::uint64_t length = std::min(spec.last.value_or(0), size);
    if (length == 0) return std::nullopt;
    return ByteRange{size - length, size};
  }
  if (*spec.first >= size) return std::nullopt;
  const std::uint64_t last = std::min(spec.last.value_or(UINT64_MAX), size - 1);
  return ByteRange{*spec.first, last + 1};
}

// Sorted; what overlaps or touches becomes one.
void merge(std::vector<ByteRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(), [](ByteRange a, ByteRange b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (const auto& range : ranges) {
    if (kept > 0 && range.first <= ranges[kept - 1].end) {
      ranges[kept - 1].end = std::max(ranges[kept - 1].end, range.end);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

bool longer_than(const std::vector<ByteRange>& ranges, std::uint64_t size) {
  std::uint64_t left = size;
  for (const auto& range : ranges) {
    if (range.size() > left) return true;
    left -= range.size();
  }
  return false;
}

}  // namespace

std::optional<std::vector<RangeSpec>> parse_range(std::string_view value) {
  constexpr std::string_view kUnit = "bytes=";
  value = trim(value);
  if (!equals_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  value.remove_prefix(kUnit.size());
  std::vector<RangeSpec> specs;
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto item = trim(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (item.empty()) continue;  // empty list elements are allowed (RFC 9110 5.6.1.2)
    const auto spec = parse_spec(item);
    if (!spec || specs.size() == kMostSpecs) return std::nullopt;
    specs.push_back(*spec);
  }
  if (specs.empty()) return std::nullopt;
  return specs;
}

RangeSet resolve(std::span<const RangeSpec> specs, std::uint64_t size_bytes) {
  std::vector<ByteRange> ranges;
  for (const auto& spec : specs) {
    // The last bytes of nothing are nothing, which a 206 cannot say (RFC 9110 14.1.2 calls it satisfiable).
    if (size_bytes == 0 && !spec.first && spec.last != 0U) return {RangeVerdict::whole, {}};
    if (const auto range = resolve_one(spec, size_bytes)) ranges.push_back(*range);
  }
  if (ranges.empty()) return {specs.empty() ? RangeVerdict::whole : RangeVerdict::unsatisfiable, {}};
  if (ranges.size() > kKeptAsAsked || longer_than(ranges, size_bytes)) merge(ranges);
  if (ranges.size() > limits::kRanges) return {RangeVerdict::whole, {}};
  return {RangeVerdict::partial, std::move(ranges)};
}

std::string content_range(ByteRange range, std::uint64_t size_bytes) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.end - 1) + "/" +
         std::to_string(size_bytes);
}

std::string content_range_unsatisfied(std::uint64_t size_bytes) {
  return "bytes */" + std::to_string(size_bytes);
}

std::string multipart_content_type(std::string_view boundary) {
  return "multipart/byteranges; boundary=" + std::string(boundary);
}

std::string multipart_part_head(std::string_view boundary, std::string_view content_type, ByteRange range,
                                std::uint64_t size_bytes) {
  std::string head = "\r\n--";
  head += boundary;
  head += "\r\n";
  if (!content_type.empty()) {
    head += "Content-Type: ";
    head += content_type;
    head += "\r\n";
  }
  head += "Content-Range: ";
  head += content_range(range, size_bytes);
  head += "\r\n\r\n";
  return head;
}

std::string multipart_end(std::string_view boundary) {
  return "\r\n--" + std::string(boundary) + "--\r\n";
}

std::uint64_t multipart_length(std::string_view boundary, std::string_view content_type,
                               std::span<const ByteRange> ranges, std::uint64_t size_bytes) {
  std::uint64_t length = multipart_end(boundary).size();
  for (const auto& range : ranges) {
    length += multipart_part_head(boundary, content_type, range, size_bytes).size() + range.size();
  }
  return length;
}

}  // namespace larder::proxy
