// SPDX-License-Identifier: MIT
// Single fetches as reports tell them, from how they are stored. Threads: the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/device_rows.h"
#include "reports/ledger.h"
#include "reports/report_scope.h"

namespace larder::reports {

// With the device's id as token when that is how it was known.
FetchRecord record_of(const Txn& txn, const Recorded& recorded, const std::string& device);

// Without a token; whose it is stands beside.
FetchRow row_of(const Txn& txn, const Recorded& recorded);

// The fetch of this key; nothing when retention has dropped it.
std::optional<Recorded> recorded_at(const Txn& txn, const FetchKey& key);

// Fetches that are looked through one by one for a report over some devices. More are refused.
inline constexpr std::size_t kMostLookedThrough = 1'000'000;

// Calls `on` with each single fetch of the scope's members that lies in it, each device's newest first. invalid: they
// are too many.
Status each_fetch_of_members(const Scope& scope, const std::function<void(const Recorded&)>& on);

}  // namespace larder::reports
