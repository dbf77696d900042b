// SPDX-License-Identifier: MIT
// The reports, each computed within one read transaction on the caller's thread.
#pragma once

#include <string>

#include "reports/environment.h"
#include "reports/ledger.h"
#include "reports/release_list.h"

namespace larder::reports {

// What the reports read from.
struct Shelf {
  const Environment& environment;
  ReleaseList& releases;
};

// `dropped` is the caller's: it is newer than what is stored.
Result<Summary> summary_report(const Shelf& shelf, const Filter& filter, std::uint64_t dropped);
Result<Page<VersionRow>> versions_report(const Shelf& shelf, const Filter& filter);
Result<Page<DeviceRow>> devices_report(const Shelf& shelf, const Filter& filter);
Result<DeviceDetail> device_report(const Shelf& shelf, const std::string& id);
Result<Page<TrafficRow>> traffic_report(const Shelf& shelf, const Filter& filter);

}  // namespace larder::reports
