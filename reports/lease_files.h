// SPDX-License-Identifier: MIT
// The neighbours that DHCP servers know of, beside those that the kernel does: devices behind a router, whose hardware
// the kernel does not see, and what they call themselves. A file that cannot be read is told of in the log once, and
// once it can be read again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "reports/neighbours.h"

namespace larder::reports {

// Larger files are not read.
inline constexpr std::uintmax_t kLeaseFileBytes = 64 << 20;

// What `kernel` knows goes before what files say. `clock` must outlive it.
std::unique_ptr<Neighbours> with_lease_files(std::unique_ptr<Neighbours> kernel,
                                             std::vector<std::filesystem::path> files, const Clock& clock);

}  // namespace larder::reports
