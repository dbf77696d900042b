// SPDX-License-Identifier: MIT
#include "reports/possession.h"

#include <algorithm>

namespace larder::reports {
namespace {

bool completes(const StoredFetch& fetch, Holding& holding, const CoverageOf& coverage_of) {
  if (fetch.object_bytes == 0) return fetch.complete && fetch.ranges.covers(1);
  if (fetch.ranges.covers(fetch.object_bytes)) return true;
  if (fetch.ranges.list().empty()) return false;
  Coverage& coverage = coverage_of(fetch.url);
  if (coverage.object_bytes != fetch.object_bytes) coverage = {fetch.object_bytes, {}};
  for (const auto& [first, end] : fetch.ranges.list()) coverage.intervals.add(first, end);
  const std::uint64_t held = coverage.intervals.covered();
  const double fraction = static_cast<double>(held) / static_cast<double>(fetch.object_bytes);
  if (fraction > holding.fraction()) {
    holding.held_bytes = held;
    holding.object_bytes = fetch.object_bytes;
  }
  return coverage.intervals.covers(fetch.object_bytes);
}

}  // namespace

Possessed possessed(const Holding& holding) {
  if (holding.completed_us) return Possessed::complete;
  return holding.fetched() ? Possessed::partly : Possessed::nothing;
}

void add_to_holding(Holding& holding, const FetchKey& key, const StoredFetch& fetch, bool makes_row,
                    const CoverageOf& coverage_of) {
  holding.seen_first_us = std::min(holding.seen_first_us, key.time_us);
  holding.seen_last_us = std::max(holding.seen_last_us, key.time_us);
  if (fetch.bytes_sent == 0 || fetch.status >= kFirstError) return;
  holding.fetched_first_us = std::min(holding.fetched_first_us, key.time_us);
  holding.fetched_last_us = std::max(holding.fetched_last_us, key.time_us);
  if (!makes_row || holding.completed_us || !completes(fetch, holding, coverage_of)) return;
  holding.completed_us = key.time_us;
  holding.held_bytes = holding.object_bytes = fetch.object_bytes;
}

void Possession::add(const FetchKey& key, const StoredFetch& fetch, bool makes_row) {
  add_to_holding(holding, key, fetch, makes_row, [this](std::uint32_t url) -> Coverage& { return coverage[url]; });
}

}  // namespace larder::reports
