// SPDX-License-Identifier: MIT
// Profiles and their kin: what points a device at Larder, written so that an MDM takes it as it is. Pure: the same
// order gives the same bytes, so that a profile that is issued again replaces the one before.
#pragma once

#include <string>
#include <vector>

#include "admin/plist_tree.h"
#include "admin/profile_order.h"

namespace larder::admin {

struct Profile {
  std::string file_name;     // "larder-mau.mobileconfig"
  std::string content_type;  // of the text
  std::string text;
  std::vector<std::string> summary;   // what it does to a device, a sentence each
  std::vector<std::string> warnings;  // what it weakens, and what no one has tried
};

// Fails when the order lacks something its kinds need, saying what.
Result<Profile> make_profile(const ProfileOrder& order);

// ---- parts, for the sources of profiles alone ----

// http(s)://server:port, then /d/<device> when one is named; without a slash at the end.
std::string plain_url(const ProfileOrder& order);
std::string secure_url(const ProfileOrder& order);
std::string pac_url(const ProfileOrder& order);

// com.microsoft.autoupdate2's keys and values. `manifests`: Larder's manifests too.
enum class MauServes { packages, manifests_too };
PlistTree mau_settings(const ProfileOrder& order, MauServes serves);

// One payload's keys, without the common ones; adds to the profile's summary and warnings.
Result<PlistTree> payload_of(std::string_view kind, const ProfileOrder& order, Profile& profile);
std::string_view payload_type_of(std::string_view kind);

// The kinds that are no payloads.
Result<Profile> text_of(std::string_view kind, const ProfileOrder& order);

// A UUID that is the same for the same name, and for no other.
std::string uuid_of(std::string_view name);
// "org.example.larder.larder" for larder.example.org: reverse-DNS, as Apple wants identifiers.
std::string identifier_of(const ProfileOrder& order);

}  // namespace larder::admin
