// SPDX-License-Identifier: MIT
// Opening a store's directory: lock, local disk, three environments, and what to do with one that is broken.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cache/disk.h"
#include "cache/store.h"
#include "cache/store_environments.h"

namespace larder::cache {

// A broken environment is renamed to <name>.broken-<time> and begun anew; each is told of in `set_aside`, as
// "index: <why>; kept as index.broken-<time>". Fails only as Store::open does.
Result<std::shared_ptr<StoreEnvironments>> open_environments(const StoreOptions& options, Access access,
                                                             const Clock& clock, std::vector<std::string>& set_aside);

Status set_environment_aside(const std::filesystem::path& path, std::string_view name, std::string_view why,
                             const Clock& clock, std::vector<std::string>& set_aside);

// The largest number of bytes the chunk environment's map allows to be kept: what a limit set later is held to.
std::uint64_t most_bytes_kept(std::uint64_t cache_size_at_open_bytes);

// Store::open with another disk, for tests.
Result<std::unique_ptr<Store>> open_store(const StoreOptions& options, const Clock& clock, std::shared_ptr<Disk> disk);

}  // namespace larder::cache
