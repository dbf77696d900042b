// SPDX-License-Identifier: MIT
// The summary: sums of all tallies in scope, and how many devices they are of.
#include <algorithm>

#include "reports/report_scope.h"
#include "reports/reports.h"

namespace larder::reports {
namespace {

bool is_cacheable(Entrance entrance) {
  return entrance != Entrance::tunnel && entrance != Entrance::sni && entrance != Entrance::helper &&
         entrance != Entrance::own;
}

struct Sums {
  Summary summary;
  std::uint64_t hits = 0, misses = 0;
  std::uint64_t cacheable_sent = 0, cacheable_from_origin = 0;

  void add(Entrance entrance, const Tally& tally) {
    summary.requests += tally.requests;
    summary.bytes_sent += tally.bytes_sent;
    summary.bytes_from_origin += tally.bytes_from_origin;
    if (entrance == Entrance::own) summary.bytes_from_origin_own += tally.bytes_from_origin;
    hits += tally.hits;
    misses += tally.misses;
    if (!is_cacheable(entrance)) return;
    cacheable_sent += tally.bytes_sent;
    cacheable_from_origin += tally.bytes_from_origin;
  }

  void finish() {
    if (hits + misses > 0) {
      summary.hit_ratio_requests = static_cast<double>(hits) / static_cast<double>(hits + misses);
    }
    if (cacheable_sent > 0) {
      const double missed = static_cast<double>(cacheable_from_origin) / static_cast<double>(cacheable_sent);
      summary.hit_ratio_bytes = std::max(0.0, 1 - missed);
    }
  }
};

// Devices are told apart by number; a device is looked at release by release and left as soon as it counts. The first
// and last request of each pair decide nearly always; only one that lies around the window is looked up by hour.
std::uint64_t count_devices(const Scope& scope) {
  std::uint64_t devices = 0;
  const Window& window = scope.window();
  Cursor cursor = scope.txn().cursor(Table::device_totals);
  Tally tally;
  for (bool at = cursor.first(); at;) {
    const std::uint32_t device = word_at(cursor.key(), 0);
    const std::uint32_t release = word_at(cursor.key(), 1);
    bool counts = false;
    if (scope.has(release) && decode_row(cursor.value(), 0, tally)) {
      const bool overlaps = tally.first_us < window.to_us && tally.last_us >= window.from_us;
      counts = window.contains(tally.first_us) || window.contains(tally.last_us) ||
               (overlaps && scope.active(device, release, Scope::Wanted::requests));
    }
    devices += counts ? 1 : 0;
    if (!counts) {
      at = cursor.next();
    } else {
      if (device == UINT32_MAX) break;
      at = cursor.seek(RowKey{device + 1}.view());
    }
  }
  return devices;
}

}  // namespace

Result<Summary> summary_report(const Shelf& shelf, const Filter& filter, std::uint64_t dropped) {
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf.releases, filter);
  Sums sums;
  scope.each_tally([&](std::uint32_t, Entrance entrance, const Tally& tally) { sums.add(entrance, tally); });
  sums.finish();
  if (scope.device()) {
    sums.summary.devices = sums.summary.requests > 0 ? 1 : 0;
  } else if (!scope.nothing()) {
    const bool all = !scope.windowed() && filter.product.empty();
    sums.summary.devices = all ? txn.entries(Table::devices) : count_devices(scope);
  }
  sums.summary.dropped_records = dropped;
  if (auto status = txn.status(); !status) return std::move(status).error();
  return sums.summary;
}

}  // namespace larder::reports
