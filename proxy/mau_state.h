// SPDX-License-Identifier: MIT
// What is published of one application in one channel of AutoUpdate, and what is held back: for the status and reports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "updates/mau_record.h"

namespace larder::proxy {

struct MauState {
  std::string channel;
  std::string app_id;
  std::string product;
  std::string version;  // published; "" none
  std::uint64_t generation = 0;
  WallTime published;
  WallTime confirmed;
  WallTime asked;
  std::string held;  // why what the origin has is not shown; ""
  std::string held_version;
  WallTime held_since;
  std::vector<updates::MauRelease> releases;
};

// What became of another site's records.
struct MauTakenIn {
  std::size_t joined = 0;     // applications whose releases were added to ours
  std::size_t published = 0;  // of these, where its files are newer than ours, and published now
};

}  // namespace larder::proxy
