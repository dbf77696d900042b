// SPDX-License-Identifier: MIT
// How versions come to the devices: how many have one whole, by day, and how long it took. A device counts for a
// version from the fetch on that completed it.
#include <algorithm>
#include <map>
#include <unordered_set>

#include "reports/report_scope.h"
#include "reports/reports.h"
#include "updates/recognise.h"

namespace larder::reports {
namespace {

bool by_version(const Release& a, const Release& b) {
  if (a.product != b.product) return a.product < b.product;
  if (const int compared = updates::compare_versions(a.version, b.version); compared != 0) return compared < 0;
  if (a.version != b.version) return a.version < b.version;
  return a.build < b.build;
}

// Those in scope that versions are reported of, oldest first.
std::vector<std::uint32_t> releases_in(const Scope& scope) {
  std::vector<std::uint32_t> ids;
  for (std::uint32_t id = 1; id < scope.releases().size(); ++id) {
    if (scope.has(id) && scope.releases()[id].makes_row()) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end(),
            [&](auto a, auto b) { return by_version(scope.releases()[a], scope.releases()[b]); });
  return ids;
}

// Calls `on` with each device in scope that had the release whole by the scope's end, and when it came to.
template <class On>
void each_complete(const Scope& scope, std::uint32_t release, const On& on) {
  const RowKey prefix{release};
  Holding holding;
  Cursor cursor = scope.txn().cursor(Table::holdings);
  for (bool at = cursor.seek(prefix.view()); at && cursor.key().starts_with(prefix.view()); at = cursor.next()) {
    const std::uint32_t device = word_at(cursor.key(), 1);
    if (!scope.includes(device) || !decode_row(cursor.value(), 0, holding) || !holding.completed_us) continue;
    if (*holding.completed_us < scope.window().to_us) on(device, *holding.completed_us);
  }
}

// When so many percent of all had it, by the sorted times of those who have.
WallTime reached(const std::vector<std::uint64_t>& times, std::size_t all, std::size_t percent) {
  const std::size_t needed = (all * percent + 99) / 100;
  return needed == 0 || needed > times.size() ? WallTime{} : wall(times[needed - 1]);
}

// The rows of one product's releases: [first, end).
void add_spread(const Scope& scope, const std::vector<std::uint32_t>& ids, std::size_t first, std::size_t end,
                std::vector<SpreadRow>& rows) {
  constexpr std::size_t kHalf = 50;
  constexpr std::size_t kMost = 90;
  std::unordered_set<std::uint32_t> devices;
  std::vector<std::vector<std::uint64_t>> times(end - first);
  for (std::size_t i = first; i < end; ++i) {
    each_complete(scope, ids[i], [&](std::uint32_t device, std::uint64_t time_us) {
      devices.insert(device);
      times[i - first].push_back(time_us);
    });
  }
  for (std::size_t i = first; i < end; ++i) {
    auto& when = times[i - first];
    if (when.empty()) continue;
    std::sort(when.begin(), when.end());
    const Release& release = scope.releases()[ids[i]];
    rows.push_back({release.product, release.version, release.build, when.size(), devices.size(), wall(when.front()),
                    reached(when, devices.size(), kHalf), reached(when, devices.size(), kMost)});
  }
}

}  // namespace

Result<std::vector<AdoptionRow>> adoption_report(const Shelf& shelf, const Filter& filter) {
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf, filter);
  std::vector<AdoptionRow> rows;
  if (scope.nothing()) return rows;
  for (const std::uint32_t id : releases_in(scope)) {
    std::map<std::uint64_t, std::uint64_t> days;
    each_complete(scope, id, [&](std::uint32_t, std::uint64_t time_us) { ++days[time_us / kDayUs]; });
    const Release& release = scope.releases()[id];
    std::uint64_t complete = 0;
    for (const auto& [day, devices] : days) {
      complete += devices;
      if ((day + 1) * kDayUs <= scope.window().from_us) continue;
      rows.push_back({release.product, release.version, release.build, wall(day * kDayUs), devices, complete});
    }
  }
  if (auto status = txn.status(); !status) return std::move(status).error();
  return rows;
}

Result<std::vector<SpreadRow>> spread_report(const Shelf& shelf, const Filter& filter) {
  const ReadTxn txn(shelf.environment);
  Filter until = filter;
  until.from.reset();
  const Scope scope(txn, shelf, until);
  std::vector<SpreadRow> rows;
  if (scope.nothing()) return rows;
  const auto ids = releases_in(scope);
  for (std::size_t first = 0; first < ids.size();) {
    std::size_t end = first + 1;
    while (end < ids.size() && scope.releases()[ids[end]].product == scope.releases()[ids[first]].product) ++end;
    add_spread(scope, ids, first, end, rows);
    first = end;
  }
  if (auto status = txn.status(); !status) return std::move(status).error();
  return rows;
}

}  // namespace larder::reports
