// SPDX-License-Identifier: MIT
// Amounts of bytes as people write them. Powers of 1024 have an i ("200 GiB"), powers of 1000 have none ("200 GB").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace larder {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;

// "200 GiB", "1.5 TiB", "64 MB", "4096" (bytes). Units B, kB/KB, KiB, MB, MiB, GB, GiB, TB, TiB in any letter case; one
// space or none before the unit. Signs, exponents, hexadecimal and amounts of 2^63 or more are refused.
Result<std::uint64_t> parse_bytes(std::string_view text);

// For people: "1.2 GiB". Never for programs.
std::string format_bytes(std::uint64_t bytes);

}  // namespace larder
