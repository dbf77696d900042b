// SPDX-License-Identifier: MIT
// What is known of releases, for those who watch. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "proxy/mau_state.h"
#include "updates/knowledge.h"

namespace larder::admin {

// What a catalogue says of a release.
struct ListedRelease {
  std::string product, version;
  std::string marketing_version;
  std::string channel;
  WallTime first_seen;  // by Larder; the epoch: not noted
  bool current = false;
  std::string url;
  WallTime released{};  // by the vendor's or a list's word; the epoch: none is given
};

// All that catalogues list, AutoUpdate's first.
std::vector<ListedRelease> listed_releases(const std::vector<proxy::MauState>& manifests,
                                           const updates::Knowledge& knowledge);

// Microsoft has published Office weekly for years (a median of seven days, at most some fourteen over holidays).
inline constexpr std::chrono::days kOfficeStale{14};

// When the youngest release of Word, Excel, PowerPoint, Outlook or OneNote was first seen; the epoch when none is
// known.
WallTime newest_office_release(const std::vector<proxy::MauState>& manifests);

// Devices ask for it, and the origin has not confirmed it for two days.
bool is_unconfirmed(const proxy::MauState& state, WallTime now);

}  // namespace larder::admin
