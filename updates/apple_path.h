// SPDX-License-Identifier: MIT
// What Apple's paths say. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace larder::updates {

// The product a file of the software update catalogues belongs to:
//   /content/downloads/<2>/<2>/<product key>[-A_<10 letters or digits>]/<34 letters or digits>/<file>
// This holds for each package in the catalogues of macOS 10.15, 12 and 14. "" for other paths.
std::string_view product_key_of(std::string_view path);

// "21F79", "23D5114d", "25D771400a": digits, a capital, digits, perhaps letters.
bool is_apple_build(std::string_view text);

// What a device of this model ("iPhone12,1", "Watch6,1") runs at this version: "iOS"; "" when the model tells
// nothing.
std::string product_of_model(std::string_view model, std::string_view version);

// "UniversalMac_12.4_21F79_Restore.ipsw", "iPhone12,1_26.6.2_23G90_Restore.ipsw": models, version, build. The version
// of a beta's build is "26.3 beta". Nothing where the model tells no product.
struct RestoreName {
  std::string product;
  std::string version;
  std::string build;
};
std::optional<RestoreName> read_restore_name(std::string_view name);

// "/iOS9.3.1/031-56322-.../..." on appldnld: product and version, the build empty. Nothing when the folder says more
// ("/iOS10.0Seed/"), whose meaning is not known, and when it says only "/iOS10/", which is where 10.0.1 lay.
std::optional<RestoreName> read_version_folder(std::string_view path);

// "com_apple_MobileAsset_MacSoftwareUpdate" among the segments: "MacSoftwareUpdate"; "" when there is none.
std::string_view mobile_asset_type(std::string_view path);

// The train a file of updates.cdn-apple.com was published with: "2025FallFCS", "2024/Iris"; "" when there is none.
std::string train_of(std::string_view path);

// Whether a segment is a UUID or 40 hexadecimal digits, with or without an ending: such a path never has other bytes.
bool has_hash_or_uuid(std::string_view path);

}  // namespace larder::updates
