// SPDX-License-Identifier: MIT
// EventWatch: derives events by comparing what is seen now with what was seen before. What it remembers can be written
// down and taken up again, so that a restart tells nothing twice and loses nothing. With an empty memory it only learns
// which releases there are, how far they have spread and what was refused, and tells what is wrong now.
//
// release_seen: a version that was not known, of a product that was: newer than all versions of the product in its
// channel, or than all of the same first number (macOS 15.7.2 when 26.1 is out). Of a product that was not known, every
// version is learnt in silence: its catalogue is new here, not its releases.
// release_spread: once for a version, when it has reached the share. Another share begins anew, in silence.
// A condition (an origin down, a store that cannot write) is told when it has held for a while, and when it has not for
// another: one that flaps is told of once, and ends once.
//
// Pure; the clock is the caller's.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/event.h"
#include "admin/releases.h"
#include "base/clock.h"
#include "proxy/mismatch.h"
#include "reports/report_rows.h"

namespace larder::admin {

// Products, and versions of one: more than all vendors publish. At it: what is new is neither told nor remembered.
inline constexpr std::size_t kProductsWatched = 20'000;
inline constexpr std::size_t kVersionsWatched = 2'000;
// A download that is refused again and again is told of once in this time.
inline constexpr std::chrono::hours kMismatchPause{1};

// Something that is wrong for as long as it lasts.
struct Condition {
  std::string event;     // "disk", "origin_down", "catalogue_stale"
  std::string about;     // which store, origin, catalogue
  std::string severity;  // of its begin
  std::string begins;    // sentences
  std::string ends;
};

struct Sighting {
  WallTime now;
  std::string site;
  std::uint32_t spread_percent = 90;
  std::vector<Condition> conditions;
  std::vector<proxy::Mismatch> mismatches;                // the newest first
  std::optional<std::vector<ListedRelease>> releases;     // nothing: not looked at
  std::optional<std::vector<reports::SpreadRow>> spread;  // nothing: not looked at
};

class EventWatch {
 public:
  EventWatch() = default;
  // Of what memory() has written; anything else is an empty memory.
  explicit EventWatch(std::string_view memory);

  std::vector<Event> look(const Sighting& sighting);

  // As JSON.
  std::string memory() const;
  // Whether anything was learnt since it was asked last.
  bool take_changed() { return std::exchange(changed_, false); }

 private:
  using Key = std::pair<std::string, std::string>;  // event, about

  Event event(std::string name, std::string severity, std::string text) const;
  void look_at_conditions(std::vector<Event>& events);
  void look_at_mismatches(std::vector<Event>& events);
  void look_at_releases(std::vector<Event>& events);
  void look_at_spread(std::vector<Event>& events);

  const Sighting* seen_ = nullptr;  // during look()
  bool changed_ = false;

  // ---- remembered ----
  std::map<std::string, std::map<std::string, std::set<std::string>>> versions_;  // by product and channel
  std::uint32_t spread_percent_ = 0;                                              // 0: spread was never looked at
  std::set<std::pair<std::string, std::string>> spread_;                          // product, version
  std::map<Key, std::string> told_;        // conditions that have begun: what is said at their end
  std::int64_t mismatches_until_us_ = -1;  // -1: never looked at
  // ---- of this run alone ----
  std::map<Key, WallTime> since_;            // conditions seen, not told yet
  std::map<Key, WallTime> gone_since_;       // told, and not seen now
  std::map<std::string, WallTime> refused_;  // URL: when it was told last
};

}  // namespace larder::admin
