// SPDX-License-Identifier: MIT
// Two exporters, two sets of names. Both serve assetcache_active. Names are theirs to the letter, conventions or not.
#include "admin/asset_cache_metrics.h"

#include <chrono>

namespace larder::admin {
namespace {

// woodleighschool/assetcache-exporter
void add_newer_names(Families& out, const AssetCacheFacts& facts, double since) {
  out.gauge("assetcache_cache_used_bytes", "As larder_store_bytes.", facts.used_bytes);
  out.gauge("assetcache_cache_limit_bytes", "As larder_store_limit_bytes.", facts.limit_bytes);
  out.gauge("assetcache_cache_free_bytes", "What the store may still take, as its limit and the disk allow.",
            facts.free_bytes);
  out.gauge("assetcache_totals_start_timestamp_seconds", "As process_start_time_seconds.", since);
  out.counter("assetcache_served_bytes_total", "As larder_sent_bytes_total.", "destination",
              {{"clients", number(facts.sent_bytes)}});
  out.counter("assetcache_stored_bytes_total", "As larder_origin_received_bytes_total.", "source",
              {{"origin", number(facts.received_bytes)}});
}

// reitermarkus/assetcache_exporter
void add_older_names(Families& out, const AssetCacheFacts& facts, double since) {
  out.gauge("assetcache_ok", "1 while the store takes what comes.", facts.ok ? 1.0 : 0.0);
  out.gauge("assetcache_bytes_used_sum", "As larder_store_bytes.", facts.used_bytes);
  out.gauge("assetcache_bytes_used_actual", "As larder_store_bytes.", facts.used_bytes);
  out.gauge("assetcache_bytes_limit", "As larder_store_limit_bytes.", facts.limit_bytes);
  out.gauge("assetcache_bytes_free", "As assetcache_cache_free_bytes.", facts.free_bytes);
  out.gauge("assetcache_start_time_seconds", "As process_start_time_seconds.", since);
  out.counter("assetcache_bytes_served", "As larder_sent_bytes_total.", "to", {{"clients", number(facts.sent_bytes)}});
  out.counter("assetcache_bytes_stored", "As larder_origin_received_bytes_total.", "from",
              {{"origin", number(facts.received_bytes)}});
}

}  // namespace

void add_asset_cache(Families& out, const AssetCacheFacts& facts) {
  const double since = std::chrono::duration<double>(facts.since.time_since_epoch()).count();
  out.gauge("assetcache_active", "As larder_ready.", facts.active ? 1.0 : 0.0);
  add_newer_names(out, facts, since);
  add_older_names(out, facts, since);
}

}  // namespace larder::admin
