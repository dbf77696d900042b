// SPDX-License-Identifier: MIT
// How far the scrubbing of the store has come.
//
// In the index's table `meta`, key "scrub": u64 extent | u32 chunk | i64 us since 1970 when this pass began | i64 us
// when the pass before it ended, 0 for none (28 bytes, little-endian).
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/clock.h"
#include "cache/object.h"
#include "cache/record.h"

namespace larder::cache {

// Before the first chunk of an extent.
inline constexpr std::uint32_t kNoChunk = 0xFFFFFFFF;

struct ScrubPlace {
  ExtentId extent;  // the chunk looked at last
  ChunkIndex chunk{kNoChunk};
  WallTime pass_began;        // the epoch: not yet
  WallTime last_pass_ended;   // the epoch: never
  std::uint64_t chunks = 0;   // looked at since the start of larderd; not stored
  std::uint64_t damaged = 0;  // of these; not stored
};

Bytes encode(const ScrubPlace& place);
std::optional<ScrubPlace> decode_scrub_place(std::span<const std::byte> value);

}  // namespace larder::cache
