// SPDX-License-Identifier: MIT
// The reports, each computed within one read transaction on the caller's thread.
#pragma once

#include <string>

#include "reports/environment.h"
#include "reports/ledger.h"

namespace larder::reports {

// `dropped` is the caller's: it is newer than what is stored.
Result<Summary> summary_report(const Environment& environment, const Filter& filter, std::uint64_t dropped);
Result<Page<VersionRow>> versions_report(const Environment& environment, const Filter& filter);
Result<Page<DeviceRow>> devices_report(const Environment& environment, const Filter& filter);
Result<DeviceDetail> device_report(const Environment& environment, const std::string& id);
Result<Page<TrafficRow>> traffic_report(const Environment& environment, const Filter& filter);

}  // namespace larder::reports
