// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/result.h"

namespace larder::updates {

bool is_gzip(std::span<const std::byte> bytes);

// One gzip member, unpacked. Fails when the bytes are none, end early, or grow beyond `most` bytes (too_large).
Result<std::string> gunzip(std::span<const std::byte> bytes, std::size_t most);

}  // namespace larder::updates
