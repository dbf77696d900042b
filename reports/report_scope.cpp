// SPDX-License-Identifier: MIT
#include "reports/report_scope.h"

#include <algorithm>
#include <tuple>

#include "reports/identity.h"

namespace larder::reports {
namespace {

std::uint64_t microseconds(WallTime time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.time_since_epoch().count()));
}

std::uint32_t hour_of(std::uint64_t time_us) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(time_us / kHourUs, UINT32_MAX));
}

auto order(const EdgeTally& edge) {
  return std::tie(edge.device, edge.release, edge.hour, edge.entrance);
}

}  // namespace

Window Window::of(std::optional<WallTime> from, std::optional<WallTime> to, std::uint64_t raw_since_hour) {
  Window window;
  if (from) window.from_us = microseconds(*from);
  if (to) window.to_us = microseconds(*to);
  if (window.from_us >= window.to_us) return window;
  // An hour without raw fetches counts whole.
  if (from && hour_of(window.from_us) < raw_since_hour) window.from_us -= window.from_us % kHourUs;
  if (to && hour_of(window.to_us) < raw_since_hour && window.to_us % kHourUs != 0) {
    window.to_us += kHourUs - window.to_us % kHourUs;
  }
  const bool ragged_from = window.from_us % kHourUs != 0;
  const bool ragged_to = to && window.to_us % kHourUs != 0;
  window.first_hour = hour_of(window.from_us) + (ragged_from ? 1 : 0);
  if (to) window.end_hour = hour_of(window.to_us);
  if (window.first_hour > window.end_hour) {  // both ends inside one hour
    if (window.from_us < window.to_us) window.raw.emplace_back(window.from_us, window.to_us);
    window.end_hour = window.first_hour;
    return window;
  }
  if (ragged_from) window.raw.emplace_back(window.from_us, window.first_hour * kHourUs);
  if (ragged_to) window.raw.emplace_back(window.end_hour * kHourUs, window.to_us);
  return window;
}

Scope::Scope(const Txn& txn, const Shelf& shelf, const Filter& filter)
    : txn_(txn), releases_(shelf.releases.as_of(txn)) {
  if (filter.limit > 0) rows_ = std::min(filter.limit, kMostRows);
  windowed_ = filter.from || filter.to;
  if (windowed_) window_ = Window::of(filter.from, filter.to, txn.number(kMetaRawSince));
  nothing_ = window_.from_us >= window_.to_us;
  find_members(shelf, filter);
  if (nothing_) return;
  wanted_.assign(releases_->size(), filter.product.empty());
  if (!filter.product.empty()) {
    for (std::size_t id = 1; id < wanted_.size(); ++id) wanted_[id] = (*releases_)[id].product == filter.product;
  }
  if (windowed_) read_edges();
}

// The device named, if it is of the group named; or all of the group.
void Scope::find_members(const Shelf& shelf, const Filter& filter) {
  if (filter.device.empty() && filter.group.empty()) return;
  members_.emplace();
  const auto inventory = shelf.inventory.as_of(txn_);
  const auto add = [&](std::uint32_t number, std::string_view stored) {
    DeviceState state;
    if (!decode_row(stored, 0, state)) return;
    const InventoryDevice* device = filter.group.empty() ? nullptr : inventory->of(state.id, state.mac);
    if (filter.group.empty() || (device != nullptr && device->group == filter.group)) members_->push_back(number);
  };
  if (filter.device.empty()) {
    Cursor cursor = txn_.cursor(Table::devices);
    for (bool at = cursor.first(); at; at = cursor.next()) add(word_at(cursor.key(), 0), cursor.value());
  } else if (filter.device.size() <= kMostIdBytes) {
    const auto number = txn_.get(Table::device_ids, filter.device);
    const auto stored = number ? txn_.get(Table::devices, *number) : std::nullopt;
    if (stored) add(word_at(*number, 0), *stored);
  }
  if (members_->empty()) nothing_ = true;
}

bool Scope::includes(std::uint32_t device) const {
  return !members_ || std::binary_search(members_->begin(), members_->end(), device);
}

void Scope::read_edges() {
  Cursor cursor = txn_.cursor(Table::fetches);
  for (const auto& [from, to] : window_.raw) {
    const std::string end = FetchKey{to, 0}.bytes();
    for (bool at = cursor.seek(FetchKey{from, 0}.bytes()); at && cursor.key() < end; at = cursor.next()) {
      const auto key = FetchKey::from(cursor.key());
      const auto fetch = key ? decode_fetch(*key, cursor.value()) : std::nullopt;
      if (!fetch || !has(fetch->release) || !includes(fetch->device)) continue;
      edges_.push_back(
          {fetch->device, fetch->release, hour_of(key->time_us), fetch->entrance, Tally::of(*key, *fetch)});
    }
  }
  std::sort(edges_.begin(), edges_.end(), [](const auto& a, const auto& b) { return order(a) < order(b); });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < edges_.size(); ++i) {
    if (order(edges_[kept]) == order(edges_[i])) {
      edges_[kept].tally.add(edges_[i].tally);
    } else {
      edges_[++kept] = edges_[i];
    }
  }
  if (!edges_.empty()) edges_.resize(kept + 1);
}

void Scope::each_tally(const OnTally& on) const {
  if (nothing_) return;
  if (members_) {
    for (const std::uint32_t device : *members_) each_tally_of(device, on);
    return;
  }
  if (!windowed_) return each_in_table(Table::totals, 0, UINT32_MAX, on);
  for (const EdgeTally& edge : edges_) on(edge.release, edge.entrance, edge.tally);
  const std::uint32_t first = window_.first_hour;
  const std::uint32_t end = window_.end_hour;
  const std::uint32_t first_day = first / kDayHours + (first % kDayHours != 0 ? 1 : 0);
  const std::uint32_t end_day = end / kDayHours;
  if (first_day >= end_day) return each_in_table(Table::hours, first, end, on);
  each_in_table(Table::hours, first, first_day * kDayHours, on);
  each_in_table(Table::days, first_day, end_day, on);
  each_in_table(Table::hours, end_day * kDayHours, end, on);
}

// Of `totals` all rows; of `hours` and `days` those whose first word is in [first, end).
void Scope::each_in_table(Table table, std::uint32_t first, std::uint32_t end, const OnTally& on) const {
  const std::size_t release_place = table == Table::totals ? 0 : 1;
  Cursor cursor = txn_.cursor(table);
  Tally tally;
  for (bool at = cursor.seek(RowKey{first}.view()); at && word_at(cursor.key(), 0) < end; at = cursor.next()) {
    const std::uint32_t release = word_at(cursor.key(), release_place);
    if (!has(release) || !decode_row(cursor.value(), base_of(table, cursor.key()), tally)) continue;
    on(release, entrance_of(cursor.key()), tally);
  }
}

void Scope::each_device_total(std::uint32_t device, const OnTally& on) const {
  const RowKey prefix{device};
  Cursor cursor = txn_.cursor(Table::device_totals);
  Tally tally;
  for (bool at = cursor.seek(prefix.view()); at && cursor.key().starts_with(prefix.view()); at = cursor.next()) {
    const std::uint32_t release = word_at(cursor.key(), 1);
    if (has(release) && decode_row(cursor.value(), 0, tally)) on(release, entrance_of(cursor.key()), tally);
  }
}

void Scope::each_tally_of(std::uint32_t device, const OnTally& on) const {
  if (nothing_) return;
  if (!windowed_) return each_device_total(device, on);
  each_hour_of(device, [&](std::uint32_t, std::uint32_t release, Entrance entrance, const Tally& tally) {
    on(release, entrance, tally);
  });
}

void Scope::each_hour_of(std::uint32_t device, const OnHour& on) const {
  if (nothing_) return;
  const auto tell = [&](std::uint32_t hour, std::uint32_t release, Entrance entrance, const Tally& tally) {
    on(hour, release, entrance, tally);
    return true;
  };
  while_in_window(device, tell);
}

bool Scope::active(std::uint32_t device, std::optional<std::uint32_t> release, Wanted wanted) const {
  bool found = false;
  while_in_window(device, [&](std::uint32_t, std::uint32_t of, Entrance, const Tally& tally) {
    const bool counts = wanted == Wanted::requests ? tally.requests > 0 : tally.bytes_sent > 0;
    found = counts && (!release || *release == of);
    return !found;
  });
  return found;
}

// Edges first, then the whole hours; `goes_on` is called until it returns false.
void Scope::while_in_window(std::uint32_t device, const GoesOn& goes_on) const {
  auto edge = std::lower_bound(edges_.begin(), edges_.end(), device,
                               [](const EdgeTally& e, std::uint32_t wanted) { return e.device < wanted; });
  for (; edge != edges_.end() && edge->device == device; ++edge) {
    if (!goes_on(edge->hour, edge->release, edge->entrance, edge->tally)) return;
  }
  const RowKey prefix{device};
  Cursor cursor = txn_.cursor(Table::device_hours);
  Tally tally;
  for (bool at = cursor.seek(RowKey{device, window_.first_hour}.view());
       at && cursor.key().starts_with(prefix.view()) && word_at(cursor.key(), 1) < window_.end_hour;
       at = cursor.next()) {
    const std::uint32_t release = word_at(cursor.key(), 2);
    if (!has(release) || !decode_row(cursor.value(), base_of(Table::device_hours, cursor.key()), tally)) continue;
    if (!goes_on(word_at(cursor.key(), 1), release, entrance_of(cursor.key()), tally)) return;
  }
}

WallTime wall(std::uint64_t time_us) {
  return WallTime(std::chrono::microseconds(static_cast<std::int64_t>(time_us)));
}

}  // namespace larder::reports
