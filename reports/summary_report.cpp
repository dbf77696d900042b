// SPDX-License-Identifier: MIT
// The summary: sums of all tallies in scope, and how many devices they are of.
#include <algorithm>
#include <unordered_set>

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
  std::uint64_t beside = 0;
  std::uint64_t cacheable_sent = 0, cacheable_from_origin = 0;  // sent: but for what is beside

  void add(Entrance entrance, const Tally& tally) {
    summary.requests += tally.requests;
    summary.bytes_sent += tally.bytes_sent;
    summary.bytes_from_origin += tally.bytes_from_origin;
    beside += tally.bytes_beside;
    if (entrance == Entrance::own) summary.bytes_from_origin_own += tally.bytes_from_origin;
    hits += tally.hits;
    misses += tally.misses;
    if (!is_cacheable(entrance)) return;
    cacheable_sent += tally.bytes_sent - tally.bytes_beside;
    cacheable_from_origin += tally.bytes_from_origin;
  }

  void finish() {
    summary.bytes_saved = static_cast<std::int64_t>(summary.bytes_sent - beside - summary.bytes_from_origin);
    if (hits + misses > 0) {
      summary.hit_ratio_requests = static_cast<double>(hits) / static_cast<double>(hits + misses);
    }
    if (cacheable_sent > 0) {
      const double missed = static_cast<double>(cacheable_from_origin) / static_cast<double>(cacheable_sent);
      summary.hit_ratio_bytes = std::max(0.0, 1 - missed);
    }
  }
};

enum class Presence { none, certain, look_closer };

// A first or last request within the window decides nearly always; only what lies around it must be looked up.
Presence presence(const Window& window, std::uint64_t first_us, std::uint64_t last_us) {
  if (first_us >= window.to_us || last_us < window.from_us) return Presence::none;
  return window.contains(first_us) || window.contains(last_us) ? Presence::certain : Presence::look_closer;
}

std::uint64_t count_all_devices(const Scope& scope) {
  if (!scope.windowed()) return scope.txn().entries(Table::devices);
  std::uint64_t devices = 0;
  DeviceState state;
  Cursor cursor = scope.txn().cursor(Table::devices);
  for (bool at = cursor.first(); at; at = cursor.next()) {
    if (!decode_row(cursor.value(), 0, state)) continue;
    const Presence found = presence(scope.window(), state.first_us, state.last_us);
    const bool counts =
        found == Presence::certain || (found == Presence::look_closer &&
                                       scope.active(word_at(cursor.key(), 0), std::nullopt, Scope::Wanted::requests));
    devices += counts ? 1 : 0;
  }
  return devices;
}

// Release by release, each device once.
std::uint64_t count_devices_of_product(const Scope& scope) {
  std::unordered_set<std::uint32_t> devices;
  Holding holding;
  Cursor cursor = scope.txn().cursor(Table::holdings);
  for (std::uint32_t release = 1; release < scope.releases().size(); ++release) {
    if (!scope.has(release)) continue;
    const RowKey prefix{release};
    for (bool at = cursor.seek(prefix.view()); at && cursor.key().starts_with(prefix.view()); at = cursor.next()) {
      const std::uint32_t device = word_at(cursor.key(), 1);
      if (!decode_row(cursor.value(), 0, holding) || devices.contains(device)) continue;
      const Presence found = presence(scope.window(), holding.seen_first_us, holding.seen_last_us);
      const bool counts = found == Presence::certain ||
                          (found == Presence::look_closer && scope.active(device, release, Scope::Wanted::requests));
      if (counts) devices.insert(device);
    }
  }
  return devices.size();
}

}  // namespace

Result<Summary> summary_report(const Shelf& shelf, const Filter& filter, std::uint64_t dropped) {
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf, filter);
  Sums sums;
  if (scope.members() != nullptr) {
    for (const std::uint32_t device : *scope.members()) {
      const std::uint64_t before = sums.summary.requests;
      scope.each_tally_of(device,
                          [&](std::uint32_t, Entrance entrance, const Tally& tally) { sums.add(entrance, tally); });
      if (sums.summary.requests > before) ++sums.summary.devices;
    }
  } else {
    scope.each_tally([&](std::uint32_t, Entrance entrance, const Tally& tally) { sums.add(entrance, tally); });
    if (!scope.nothing()) {
      sums.summary.devices = filter.product.empty() ? count_all_devices(scope) : count_devices_of_product(scope);
    }
  }
  sums.finish();
  sums.summary.dropped_records = dropped;
  if (auto status = txn.status(); !status) return std::move(status).error();
  return sums.summary;
}

}  // namespace larder::reports
