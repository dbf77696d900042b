// SPDX-License-Identifier: MIT
// What the file names of Windows' updates say. Pure. Names as seen in links that scripts and package lists have
// published; Delivery Optimization gives most files none at all.
#pragma once

#include <string>
#include <string_view>

namespace larder::updates {

struct WindowsName {
  std::string product;  // "" when the name tells none
  std::string version;
  std::string from_version{};  // of a delta, where the name tells it
  bool delta = false;
};

//   windows10.0-kb5037771-x64_<sha1>.msu                       Windows update KB5037771
//   22621.1702.230505-1222.ni_release_..._x64FRE_en-us.esd     Windows image 22621.1702
//   MicrosoftEdgeEnterpriseX64.msi                             Microsoft Edge
//   MicrosoftEdge_X64_120.0.2210.61_119.0.2151.97.exe          Microsoft Edge, a delta from the second to the first
//   Microsoft.WebView2.FixedVersionRuntime.151.0.4129.93.x64.cab
//   Microsoft.WindowsNotepad_11.2402.22.0_neutral_~_8wekyb3d8bbwe.Msixbundle
//   AM_Delta_Patch_1.389.1234.0_<sha1>.exe                     Microsoft Defender definitions, a delta
// What only goes along with such a file ("am_base_<sha1>.exe.json", Delivery Optimization's list of its pieces) is not
// it.
WindowsName read_windows_name(std::string_view name);

}  // namespace larder::updates
