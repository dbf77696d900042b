// SPDX-License-Identifier: MIT
// What the names of Apple's developer tools say. Pure. Names as seen in published lists of Xcode's releases.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::updates {

struct DeveloperName {
  std::string product;  // "Xcode", "iOS Simulator Runtime"
  std::string version;  // "16.2", "18.1 beta 4"
  std::string build;    // "24B83"; "" where the name says none, as most
};

//   Xcode_16.2.xip, Xcode_26.0.1_Apple_silicon.xip
//   Command_Line_Tools_for_Xcode_16_beta.dmg, Command_Line_Tools_macOS_10.14_for_Xcode_10.2.1.dmg: Xcode's version
//   Kernel_Debug_Kit_15.1_build_24B83.dmg
//   iOS_18.1_beta_4_Simulator_Runtime.dmg
//   com.apple.pkg.iPhoneSimulatorSDK14_3-14.3.1.1611873653.dmg
// Nothing for a name without a version, and for what is no archive.
std::optional<DeveloperName> read_developer_name(std::string_view name);

}  // namespace larder::updates
