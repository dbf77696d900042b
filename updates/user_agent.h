// SPDX-License-Identifier: MIT
// What a User-Agent tells of a device. Facts: docs/formats.md (Darwin versions after matomo's device-detector tables).
#pragma once

#include <string>
#include <string_view>

namespace larder::updates {

struct AgentFacts {
  std::string os;          // "macOS", "iOS", "iOS or macOS" (Darwin without architecture), "Windows", ""
  std::string os_version;  // "26.0"; a lower bound unless exact
  std::string build;       // "22A3354"; ""
  std::string model;       // "iPhone16,2"; ""
  std::string darwin;      // "24.5.0"; ""
  bool exact = false;      // the agent names the version itself
};

// Whether a product's name is that of an operating system that agents name: "macOS", "iPadOS".
bool is_system(std::string_view product);

AgentFacts read_user_agent(std::string_view user_agent);

}  // namespace larder::updates
