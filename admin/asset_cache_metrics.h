// SPDX-License-Identifier: MIT
// Larder's numbers once more, under the names that exporters of Apple's content caching serve, so that dashboards and
// alerts made for these go on working. Only where the meaning fits; docs/monitoring/README.md says whose names and why
// not the others.
#pragma once

#include <cstdint>

#include "admin/metric_families.h"
#include "base/clock.h"

namespace larder::admin {

struct AssetCacheFacts {
  bool active = false;  // clients are served
  bool ok = false;      // there is room for what comes
  std::uint64_t used_bytes = 0, limit_bytes = 0, free_bytes = 0;
  std::uint64_t sent_bytes = 0, received_bytes = 0;  // since `since`: to clients, from origins
  WallTime since;
};

void add_asset_cache(Families& out, const AssetCacheFacts& facts);

}  // namespace larder::admin
