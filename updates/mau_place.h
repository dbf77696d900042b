// SPDX-License-Identifier: MIT
// Where a URL lies in Microsoft AutoUpdate's directories, in whichever generation of hosts. Pure.
//
//   https://res.public.onecdn.static.microsoft/mro1cdnstorage/<GUID>/MacAutoupdate/<file>   since MAU 4.80 (2025-09)
//   https://res.cdn.office.net/mro1cdnstorage/<GUID>/MacAutoupdate/<file>                   its mirror
//   {officecdnmac,officecdn}.microsoft.com, officecdn-microsoft-com.akamaized.net: /pr/<GUID>/MacAuto[uU]pdate/<file>
// Source: message centre MC1268926; the last were retired on 2026-08-01 but still hold what was never moved.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "updates/canonical.h"

namespace larder::updates {

inline constexpr std::string_view kMauHost = "res.public.onecdn.static.microsoft";
inline constexpr std::string_view kMauMirror = "res.cdn.office.net";
inline constexpr std::string_view kMauLegacyHost = "officecdnmac.microsoft.com";

struct MauPlace {
  std::string guid;      // as the table of channels spells it; upper case when it is in no table
  std::string rest;      // what follows the directory, escapes as received
  bool retired = false;  // on a host of an older generation
};

// Nothing when the URL is not in a directory of AutoUpdate. Escapes must be normal; GUID and directory in any case.
std::optional<MauPlace> mau_place(const Url& url);

// Whether a file name (escapes decoded) is a manifest, its signature, a history or builds.txt rather than a package.
bool is_mau_collateral(std::string_view name);

// The application id in a collateral's name: "0409OPIM2019-chk.xml" and "0409OPIM2019_16.109.xml" -> "OPIM2019".
std::string_view mau_app_id(std::string_view collateral);

// What manifests say where an application has no version.
inline constexpr std::string_view kNoMauVersion = "99999";

// The version in a versioned collateral's name; "" otherwise.
std::string_view mau_collateral_version(std::string_view collateral);

// Applications that never moved to the new hosts: their manifests live on the retired ones alone.
bool is_left_behind(std::string_view app_id);

}  // namespace larder::updates
