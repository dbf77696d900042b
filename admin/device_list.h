// SPDX-License-Identifier: MIT
// Reads a list of devices as MDMs export it: CSV (RFC 4180) with a header line, in UTF-8, fields between commas,
// semicolons or tabs. Columns are known by their headers, in any letter case and spelling, as Intune, Jamf and Iru
// (Kandji) write them and as people do; other columns are left alone. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "reports/inventory.h"

namespace larder::admin {

struct DeviceList {
  std::vector<reports::InventoryLine> lines;
  std::vector<reports::InventoryProblem> problems;           // lines that name no device
  std::vector<std::pair<std::string, std::string>> columns;  // what is taken, and from which header
};

// Fails, with the line where that helps, when it is no such list: not UTF-8, quotes that do not match, no column of
// serial numbers, more than reports::kInventoryDevices devices.
Result<DeviceList> read_device_list(std::string_view csv);

}  // namespace larder::admin
