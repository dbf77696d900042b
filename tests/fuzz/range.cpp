// SPDX-License-Identifier: MIT
// Any text as Range, Content-Range, If-Range and entity tags: ranges stay inside the object and within their number.
#include "proxy/range.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "proxy/conditional.h"
#include "proxy/response_head.h"

using namespace larder::proxy;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_size(std::span<const RangeSpec> specs, std::uint64_t size) {
  const auto set = resolve(specs, size);
  require(set.ranges.empty() == (set.verdict != RangeVerdict::partial));
  require(set.ranges.size() <= larder::limits::kRanges);
  std::uint64_t most = set.ranges.size() <= 4 ? size : 0;
  for (const auto& range : set.ranges) {
    require(range.first < range.end && range.end <= size);
    require(parse_content_range(content_range(range, size)).has_value() || size == UINT64_MAX);
    if (most != 0) most -= range.size();  // together never longer than the object
    require(most <= size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto specs = parse_range(text)) {
    for (const std::uint64_t object : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, UINT64_MAX}) {
      check_size(*specs, object);
    }
  }
  if (const auto range = parse_content_range(text); range && range->satisfied) require(range->first < range->end);
  const CurrentValidators current{"\"a\"", {}, "Mon, 02 Mar 2026 10:00:00 GMT", {}, {}};
  if (if_range_holds(text, current)) require(text.find("\"a\"") != std::string_view::npos);
  RequestHead head;
  head.method = "GET";
  for (const char* name : {"If-Match", "If-None-Match", "If-Modified-Since"}) head.add({name, text});
  (void)evaluate_conditions(head, current);
  return 0;
}
