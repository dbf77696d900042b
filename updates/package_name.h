// SPDX-License-Identifier: MIT
// What the file name of a Microsoft package says. Pure. Names as seen in AutoUpdate's manifests, 2024 to 2026.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "updates/recognise.h"

namespace larder::updates {

struct PackageName {
  std::string product;       // "Microsoft Outlook"; "" when the name tells none
  std::string version;       // only where the name's version is the one manifests give
  std::string from_version;  // of a delta
  bool delta = false;
};

// "Outlook_16.107.26030937_to_16.109.26053122_BinaryDelta.pkg", "Microsoft_Word_16.112.26081720_Updater.pkg",
// "OneDrive.pkg". Nothing for a name that is no package's.
std::optional<PackageName> read_package_name(std::string_view name);

// Deltas and names with a full build number never change. A few names are republished in place, by channel even with
// different bytes at one time. Of the others nothing is known.
NameStability stability_of_package(std::string_view name);

// .pkg, .dmg, .zip, .mpkg
bool is_package_name(std::string_view name);

// "16.109.26053122": digits and dots, at least one dot.
bool is_dotted_number(std::string_view text);
// The same, or digits alone: "3078".
bool is_version_number(std::string_view text);

}  // namespace larder::updates
