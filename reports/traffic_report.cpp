// SPDX-License-Identifier: MIT
// Traffic: the newest hour first, in each hour the products in order, of each its entrances. Every fetch is in one row.
#include <algorithm>
#include <map>
#include <utility>

#include "reports/page_cursor.h"
#include "reports/report_scope.h"
#include "reports/reports.h"

namespace larder::reports {
namespace {

using HourRows = std::map<std::pair<std::string, Entrance>, Tally>;  // product and entrance

// The hours that have rows, from the newest down.
class Hours {
 public:
  explicit Hours(const Scope& scope) : scope_(scope), cursor_(scope.txn().cursor(Table::hours)) {
    if (scope.members() != nullptr) {
      for (const std::uint32_t device : *scope.members()) {
        scope.each_hour_of(device, [&](auto hour, auto release, Entrance entrance, const Tally& tally) {
          add(gathered_[hour], release, entrance, tally);
        });
      }
    } else {
      for (const EdgeTally& edge : scope.edges()) add(gathered_[edge.hour], edge.release, edge.entrance, edge.tally);
    }
  }

  // The newest hour at or before this one that may have rows.
  std::optional<std::uint32_t> at_or_before(std::uint32_t hour) {
    std::optional<std::uint32_t> found;
    if (auto at = gathered_.upper_bound(hour); at != gathered_.begin()) found = (--at)->first;
    if (scope_.members() == nullptr) found = std::max(found, stored_at_or_before(hour));
    return found;
  }

  HourRows rows(std::uint32_t hour) {
    HourRows rows;
    if (const auto at = gathered_.find(hour); at != gathered_.end()) rows = at->second;
    const Window& window = scope_.window();
    if (scope_.members() != nullptr || hour < window.first_hour || hour >= window.end_hour) return rows;
    const RowKey prefix{hour};
    Tally tally;
    for (bool at = cursor_.seek(prefix.view()); at && cursor_.key().starts_with(prefix.view()); at = cursor_.next()) {
      if (!decode_row(cursor_.value(), hour * kHourUs, tally)) continue;
      add(rows, word_at(cursor_.key(), 1), entrance_of(cursor_.key()), tally);
    }
    return rows;
  }

 private:
  void add(HourRows& rows, std::uint32_t release, Entrance entrance, const Tally& tally) const {
    if (scope_.has(release)) rows[{scope_.releases()[release].product, entrance}].add(tally);
  }

  // Days without anything in scope are passed over whole: they are many when one product is asked for.
  std::optional<std::uint32_t> stored_at_or_before(std::uint32_t hour) {
    const Window& window = scope_.window();
    if (window.end_hour == 0) return std::nullopt;
    hour = std::min(hour, window.end_hour - 1);
    for (;;) {
      const bool beyond = hour < UINT32_MAX && cursor_.seek(RowKey{hour + 1}.view());
      const bool found = beyond ? cursor_.previous() : cursor_.last();
      if (!found || word_at(cursor_.key(), 0) < window.first_hour) return std::nullopt;
      const std::uint32_t at = word_at(cursor_.key(), 0);
      const std::uint32_t day = at / kDayHours;
      if (wanted_day_ == day || is_wanted(day)) return at;
      if (day == 0) return std::nullopt;
      hour = day * kDayHours - 1;
    }
  }

  bool is_wanted(std::uint32_t day) {
    const RowKey prefix{day};
    Cursor days = scope_.txn().cursor(Table::days);
    for (bool at = days.seek(prefix.view()); at && days.key().starts_with(prefix.view()); at = days.next()) {
      if (!scope_.has(word_at(days.key(), 1))) continue;
      wanted_day_ = day;
      return true;
    }
    return false;
  }

  const Scope& scope_;
  Cursor cursor_;
  std::map<std::uint32_t, HourRows> gathered_;
  std::optional<std::uint32_t> wanted_day_;
};

struct Place {
  std::uint32_t hour = UINT32_MAX;
  std::optional<std::pair<std::string, Entrance>> after;  // rows of the hour up to this one were given
};

std::string cursor_after(std::uint32_t hour, const std::pair<std::string, Entrance>& row) {
  StoredWriter out;
  out.u32(hour);
  out.u8(static_cast<std::uint8_t>(row.second));
  out.raw(row.first);
  return encode_page_cursor(out.view());
}

Result<Place> place_of(const std::string& cursor) {
  auto bytes = decode_page_cursor(cursor);
  if (!bytes) return std::move(bytes).error();
  Place place;
  if (bytes->empty()) return place;
  StoredReader in(*bytes);
  place.hour = in.u32();
  const auto entrance = static_cast<Entrance>(in.u8());
  if (!in.ok()) return fail(ErrorKind::invalid, "the cursor is not one that a page gave; begin without it");
  place.after.emplace(bytes->substr(5), entrance);
  return place;
}

}  // namespace

Result<Page<TrafficRow>> traffic_report(const Shelf& shelf, const Filter& filter) {
  auto found = place_of(filter.cursor);
  if (!found) return std::move(found).error();
  Place place = std::move(found).value();
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf, filter);
  Page<TrafficRow> page;
  if (scope.nothing()) return page;
  Hours hours(scope);
  for (auto hour = hours.at_or_before(place.hour); hour; hour = hours.at_or_before(*hour - 1)) {
    const HourRows rows = hours.rows(*hour);
    const bool resumed = place.after && *hour == place.hour;
    for (auto row = resumed ? rows.upper_bound(*place.after) : rows.begin(); row != rows.end(); ++row) {
      if (page.items.size() == scope.rows()) {
        const TrafficRow& last = page.items.back();
        const auto last_hour =
            static_cast<std::uint32_t>(std::chrono::floor<std::chrono::hours>(last.hour).time_since_epoch().count());
        page.next_cursor = cursor_after(last_hour, {last.product, last.entrance});
        if (auto status = txn.status(); !status) return std::move(status).error();
        return page;
      }
      const auto& [key, tally] = *row;
      page.items.push_back({wall(*hour * kHourUs), key.first, key.second, tally.requests, tally.bytes_sent,
                            tally.bytes_from_origin, tally.bytes_saved()});
    }
    if (*hour == 0) break;
  }
  if (auto status = txn.status(); !status) return std::move(status).error();
  return page;
}

}  // namespace larder::reports
