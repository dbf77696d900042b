// SPDX-License-Identifier: MIT
// The reports, each computed within one read transaction on the caller's thread.
#pragma once

#include <string>

#include "reports/environment.h"
#include "reports/inventory.h"
#include "reports/ledger.h"
#include "reports/release_list.h"

namespace larder::reports {

// What the reports read from.
struct Shelf {
  const Environment& environment;
  ReleaseList& releases;
  InventoryShelf& inventory;
};

// `dropped` is the caller's: it is newer than what is stored.
Result<Summary> summary_report(const Shelf& shelf, const Filter& filter, std::uint64_t dropped);
Result<Page<VersionRow>> versions_report(const Shelf& shelf, const Filter& filter);
Result<Page<DeviceRow>> devices_report(const Shelf& shelf, const Filter& filter);
Result<DeviceDetail> device_report(const Shelf& shelf, const std::string& id);
Result<Page<TrafficRow>> traffic_report(const Shelf& shelf, const Filter& filter);
Result<std::vector<PlaceRow>> places_report(const Shelf& shelf, const Filter& filter);
Result<std::vector<TroubleRow>> troubles_report(const Shelf& shelf, const Filter& filter);
Result<Page<FetchRow>> fetches_report(const Shelf& shelf, const Filter& filter);
Result<std::vector<AdoptionRow>> adoption_report(const Shelf& shelf, const Filter& filter);
Result<std::vector<SpreadRow>> spread_report(const Shelf& shelf, const Filter& filter);
Result<Page<LaggingRow>> lagging_report(const Shelf& shelf, const Filter& filter,
                                        const std::vector<KnownRelease>& known, WallTime now);

}  // namespace larder::reports
