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
};

//   windows10.0-kb5037771-x64_<sha1>.msu                       Windows update KB5037771
//   22621.1702.230505-1222.ni_release_..._x64FRE_en-us.esd     Windows image 22621.1702
//   MicrosoftEdgeEnterpriseX64.msi                             Microsoft Edge
//   Microsoft.WebView2.FixedVersionRuntime.151.0.4129.93.x64.cab
//   Microsoft.WindowsNotepad_11.2402.22.0_neutral_~_8wekyb3d8bbwe.Msixbundle
//   AM_Delta_Patch_1.389.1234.0_<sha1>.exe                     Microsoft Defender definitions
WindowsName read_windows_name(std::string_view name);

}  // namespace larder::updates
