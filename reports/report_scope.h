// SPDX-License-Identifier: MIT
// Scope: a Filter resolved against one read transaction, and the ways to read what lies in it. A report over a window
// reads whole days and whole hours from the roll-ups and the two ragged ends from the raw fetches, so it is exact and
// still reads little. Where retention has taken an end's raw fetches, that hour counts whole.
// Lifetime: within the transaction it was made from. Threads: the caller's.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/dictionary.h"
#include "reports/environment.h"
#include "reports/ledger.h"
#include "reports/release_list.h"
#include "reports/reports.h"
#include "reports/rollup_format.h"

namespace larder::reports {

inline constexpr std::size_t kMostRows = 1000;  // of a page; more asked for are not given
inline constexpr std::size_t kUsualRows = 100;  // when 0 are asked for

// [from_us, to_us), of which [first_hour, end_hour) are whole hours and the rest is in `raw`.
struct Window {
  std::uint64_t from_us = 0, to_us = UINT64_MAX;
  std::uint32_t first_hour = 0, end_hour = UINT32_MAX;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> raw;  // [from, to) in microseconds

  static Window of(std::optional<WallTime> from, std::optional<WallTime> to, std::uint64_t raw_since_hour);
  bool contains(std::uint64_t time_us) const { return time_us >= from_us && time_us < to_us; }
};

// What the ragged ends add up to, sorted by device, release, hour, entrance.
struct EdgeTally {
  std::uint32_t device, release, hour;
  Entrance entrance;
  Tally tally;
};

class Scope {
 public:
  Scope(const Txn& txn, const Shelf& shelf, const Filter& filter);

  const Txn& txn() const { return txn_; }
  bool windowed() const { return windowed_; }
  const Window& window() const { return window_; }
  bool nothing() const { return nothing_; }  // an unknown device, an empty group or window
  // The devices asked about, in order; null: all, and what is nobody's.
  const std::vector<std::uint32_t>* members() const { return members_ ? &*members_ : nullptr; }
  bool includes(std::uint32_t device) const;
  std::size_t rows() const { return rows_; }
  const std::vector<EdgeTally>& edges() const { return edges_; }

  const std::vector<Release>& releases() const { return *releases_; }  // by id; [0] is empty
  bool has(std::uint32_t release) const { return release < wanted_.size() && wanted_[release]; }

  using OnTally = std::function<void(std::uint32_t release, Entrance, const Tally&)>;
  // Everything in scope, in pieces: each fetch is in exactly one.
  void each_tally(const OnTally& on) const;
  // The same for one device, whatever the filter's device and group.
  void each_tally_of(std::uint32_t device, const OnTally& on) const;
  // Rows of `hours` or of the edges for one device, with their hour.
  using OnHour = std::function<void(std::uint32_t hour, std::uint32_t release, Entrance, const Tally&)>;
  void each_hour_of(std::uint32_t device, const OnHour& on) const;

  enum class Wanted { requests, bytes };
  // Whether the device asked for anything of this release (nothing: of any in scope) within the window, or was sent any
  // bytes.
  bool active(std::uint32_t device, std::optional<std::uint32_t> release, Wanted wanted) const;

 private:
  void find_members(const Shelf& shelf, const Filter& filter);
  void read_edges();
  void each_in_table(Table table, std::uint32_t first, std::uint32_t end, const OnTally& on) const;
  void each_device_total(std::uint32_t device, const OnTally& on) const;
  using GoesOn = std::function<bool(std::uint32_t hour, std::uint32_t release, Entrance, const Tally&)>;
  void while_in_window(std::uint32_t device, const GoesOn& goes_on) const;

  const Txn& txn_;
  std::shared_ptr<const ReleaseList::Releases> releases_;
  std::vector<bool> wanted_;
  std::optional<std::vector<std::uint32_t>> members_;
  Window window_;
  bool windowed_ = false, nothing_ = false;
  std::size_t rows_ = kUsualRows;
  std::vector<EdgeTally> edges_;
};

WallTime wall(std::uint64_t time_us);

}  // namespace larder::reports
