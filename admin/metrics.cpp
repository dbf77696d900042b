// SPDX-License-Identifier: MIT
// The numbers for Prometheus, made anew for each scrape from what the parts count already.
#include <sys/statvfs.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "admin/asset_cache_metrics.h"
#include "admin/handlers.h"
#include "admin/metric_families.h"
#include "admin/process_metrics.h"
#include "admin/query.h"
#include "admin/releases.h"

namespace larder::admin {
namespace {

double since_epoch(WallTime time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

void add_traffic(Families& out, const proxy::Counters& c) {
  out.counter("larder_requests_total", "Requests answered, by how.", "answered",
              {{"hit", number(c.requests_hit.value())},
               {"joined", number(c.requests_joined.value())},
               {"miss", number(c.requests_miss.value())},
               {"stale", number(c.requests_stale.value())},
               {"pass", number(c.requests_pass.value())},
               {"refused", number(c.requests_refused.value())},
               {"failed", number(c.requests_failed.value())}});
  out.counter("larder_sent_bytes_total", "Body bytes sent to clients.", c.bytes_sent.value());
  out.counter("larder_sent_error_bytes_total",
              "Of these, bodies of errors and pages of Larder's own: they save nothing of the line.",
              c.bytes_sent_beside.value());
  out.gauge("larder_clients_connected", "Client connections open now.", c.connections_open.value());
  out.gauge("larder_request_bodies_bytes", "Bodies of requests held now.", c.request_body_bytes.value());
  out.counter("larder_connections_accepted_total", "Client connections accepted.", c.connections_accepted.value());
  out.counter("larder_connections_refused_total", "Client connections refused.", c.connections_refused.value());
  out.counter("larder_connections_over_limit_total", "Client connections answered 429 or 503.",
              c.connections_over_limit.value());
  out.counter("larder_connections_handed_over_total", "Client connections given to a loop with less to do.",
              c.connections_handed_over.value());
  out.gauge("larder_client_rate_limit_bytes", "Bytes a second that one client may be sent now; 0: no limit.",
            c.client_rate.value());
  out.gauge("larder_line_rate_limit_bytes", "Bytes a second that may be fetched from origins now; 0: no limit.",
            c.line_rate.value());
  out.counter("larder_answers_paced_total", "Times an answer waited for its client's rate.", c.answers_paced.value());
  out.counter("larder_line_waits_total", "Times an origin's bytes waited for the line's rate.", c.line_waits.value());
  out.counter("larder_tls_handshakes_total", "Clients that have come to terms on TLS.", c.tls_handshakes.value());
  out.counter("larder_tls_failures_total", "Clients that have not: most do not trust the certificate.",
              c.tls_failures.value());
  out.gauge("larder_tunnels_open", "Tunnels open now.", c.tunnels_open.value());
  out.counter("larder_tunnels_opened_total", "Tunnels that reached their origin.", c.tunnels_opened.value());
  out.counter("larder_tunnels_refused_total", "Tunnels that were refused or did not reach their origin.",
              c.tunnels_refused.value());
  out.counter("larder_tunnel_bytes_total", "Bytes through tunnels, both ways.", c.tunnel_bytes.value());
  out.gauge("larder_requests_running", "Requests under way now.", c.requests_running.value());
  out.counter("larder_requests_over_limit_total", "Requests answered 503 because too many were under way.",
              c.requests_over_limit.value());
  out.counter("larder_requests_timed_out_total", "Requests that did not come whole in time (408).",
              c.requests_timed_out.value());
  out.counter("larder_answers_timed_out_total", "Answers cut off because the client did not take them in time.",
              c.answers_timed_out.value());
  out.counter("larder_chunks_cold_total", "Chunks brought into memory before they were sent.", c.chunks_cold.value());
}

void add_origins(Families& out, const LiveStatus& live) {
  const proxy::Counters& c = live.counters;
  out.counter("larder_origin_received_bytes_total", "Body bytes received from origins.", c.bytes_from_origin.value());
  out.counter("larder_origin_requests_total", "Requests sent to origins.", c.origin_requests.value());
  out.counter("larder_origin_retries_total", "Transfers taken up anew after an origin broke off.",
              c.origin_retries.value());
  out.gauge("larder_origins_at_rest", "Origins that could not be reached, or asked for a rest, and are left alone.",
            std::uint64_t{live.origins_at_rest.size()});
  out.counter("larder_origin_circuits_opened_total", "Times an origin was left alone because it could not be reached.",
              c.origin_circuits_opened.value());
  out.counter("larder_origin_unasked_total", "Requests an origin was spared while it was left alone.",
              c.origin_unasked.value());
  out.counter("larder_requests_negative_total", "Requests answered with a remembered \"not here\".",
              c.requests_negative.value());
  out.counter("larder_origin_changed_total", "Fills that met another version of their object.",
              c.origin_changed.value());
  out.gauge("larder_fills_running", "Fills running now.", std::uint64_t{live.fills.size()});
  out.counter("larder_fills_started_total", "Fills started.", c.fills_started.value());
  out.counter("larder_fills_ended_total", "Fills ended, by result.", "result",
              {{"finished", number(c.fills_finished.value())}, {"failed", number(c.fills_failed.value())}});
  out.counter("larder_contents_checked_total", "Downloads compared with what a catalogue publishes of their bytes.",
              "result",
              {{"good", number(c.contents_checked.value())}, {"refused", number(c.contents_refused.value())}});
  out.counter("larder_lanes_opened_total", "Origin transfers opened within fills.", c.lanes_opened.value());
  out.counter("larder_chunks_unstored_total", "Chunks received that the store did not take.",
              c.chunks_unstored.value());
}

void add_store(Families& out, const cache::StoreStatus& store) {
  out.gauge("larder_store_bytes", "Bytes kept.", store.bytes_held);
  out.gauge("larder_store_limit_bytes", "Bytes that may be kept.", store.bytes_limit);
  out.gauge("larder_store_objects", "Objects known.", store.objects);
  out.gauge("larder_store_objects_complete", "Objects held whole.", store.objects_complete);
  out.gauge("larder_store_blobs", "Different contents held.", store.blobs);
  out.gauge("larder_store_chunks_queued", "Chunks received and not yet committed.", store.chunks_queued);
  out.counter("larder_store_evicted_objects_total", "Objects evicted.", store.evicted_objects);
  out.counter("larder_store_corrupt_chunks_total", "Chunks that failed their check and were dropped.",
              store.corrupt_chunks);
  out.gauge("larder_store_lost_chunks", "Chunks named by the index and not there at the start.", store.chunks_lost);
  out.counter("larder_store_scrubbed_chunks_total", "Chunks read back in the background.", store.chunks_scrubbed);
  out.gauge("larder_store_scrub_ended_time_seconds", "When everything had last been read back; 0 never.",
            since_epoch(store.scrub_ended));
  out.gauge("larder_store_full", "1 when the last write was refused for want of room.", store.full ? 1.0 : 0.0);
  out.gauge("larder_store_broken", "1 when nothing can be stored.", store.broken.empty() ? 0.0 : 1.0);
  out.gauge("larder_store_set_aside", "Environments that could not be opened.", std::uint64_t{store.set_aside.size()});
}

void add_ledger(Families& out, const reports::Ledger::LedgerStatus& ledger) {
  out.gauge("larder_ledger_fetches", "Fetches on record.", ledger.fetches);
  out.counter("larder_ledger_dropped_total", "Fetches never recorded.", ledger.dropped);
  out.gauge("larder_ledger_set_aside", "Ledgers that could not be opened.", std::uint64_t{ledger.set_aside.size()});
  out.gauge("larder_ledger_broken", "1 when nothing can be recorded.", ledger.broken.empty() ? 0.0 : 1.0);
}

void add_access_log(Families& out, const reports::AccessLog::State& log) {
  out.counter("larder_access_log_lines_total", "Requests told to the access log.", "to",
              {{"file", number(log.file.written)}, {"journal", number(log.journal.written)}});
  out.counter("larder_access_log_lost_total", "Requests that the access log lacks.", "to",
              {{"file", number(log.file.lost)}, {"journal", number(log.journal.lost)}});
}

void add_names(Families& out, const reports::NamesAsked& names) {
  out.counter("larder_reverse_names_asked_total", "Addresses of clients that nameservers were asked to name.",
              names.begun);
  out.counter("larder_reverse_names_answered_total", "Of these, those that ended, by result.", "result",
              {{"named", number(names.named)}, {"none", number(names.nameless)}, {"failed", number(names.failed)}});
}

void add_catalogues(Families& out, const Desk& desk) {
  out.gauge("larder_catalogues", "Catalogues that have said which releases exist.",
            std::uint64_t{desk.sources.knowledge()->catalogues()});
  if (!desk.sources.manifests) return;
  const std::vector<proxy::MauState> manifests = desk.sources.manifests();
  const WallTime now = desk.sources.clock.now();
  std::uint64_t held = 0;
  std::uint64_t stale = 0;
  for (const proxy::MauState& state : manifests) {
    held += state.held.empty() ? 0 : 1;
    stale += is_unconfirmed(state, now) ? 1 : 0;
  }
  out.gauge("larder_manifests_published", "Applications of AutoUpdate, by channel, that are published.",
            std::uint64_t{manifests.size()});
  out.gauge("larder_manifests_held", "Of these, where the origin has something that clients are not shown.", held);
  out.gauge("larder_manifests_stale", "Of these, asked for lately and not confirmed by the origin for two days.",
            stale);
  if (const WallTime newest = newest_office_release(manifests); newest != WallTime()) {
    out.gauge("larder_office_release_age_seconds", "Since a release of an Office application was first seen.",
              std::chrono::duration<double>(now - newest).count());
  }
}

// Bytes that the store may still take; nothing when the disk cannot be looked at.
std::optional<std::uint64_t> add_disk(Families& out, const config::StorageConfig& storage) {
  out.gauge("larder_disk_reserve_bytes", "Bytes of the disk that are never touched.", storage.reserve_bytes);
  struct statvfs status {};
  if (statvfs(storage.path.c_str(), &status) != 0) return std::nullopt;
  const std::uint64_t free = std::uint64_t{status.f_bavail} * status.f_frsize;
  out.gauge("larder_disk_bytes", "The size of the file system that the store is on.",
            std::uint64_t{status.f_blocks} * status.f_frsize);
  out.gauge("larder_disk_free_bytes", "Bytes of it that may still be written, the reserve among them.", free);
  return free - std::min(free, storage.reserve_bytes);
}

void add_certificate(Families& out, const proxy::CertificateDesk& certificates) {
  const proxy::CertificateState state = certificates.state();
  if (!state.has) return;
  out.gauge("larder_certificate_expiry_time_seconds", "When the certificate that TLS clients are shown expires.",
            since_epoch(state.facts.not_after));
  out.gauge("larder_certificate_broken", "1 when devices cannot be expected to trust it.",
            state.problem.empty() ? 0.0 : 1.0);
}

AssetCacheFacts asset_cache_facts(const Desk& desk, const LiveStatus& live, const cache::StoreStatus& store,
                                  std::optional<std::uint64_t> disk) {
  AssetCacheFacts facts;
  facts.active = desk.sources.ready();
  facts.ok = !store.full && store.broken.empty();
  facts.used_bytes = store.bytes_held;
  facts.limit_bytes = store.bytes_limit;
  facts.free_bytes = store.bytes_limit - std::min(store.bytes_limit, store.bytes_held);
  if (disk) facts.free_bytes = std::min(facts.free_bytes, *disk);
  facts.sent_bytes = live.counters.bytes_sent.value();
  facts.received_bytes = live.counters.bytes_from_origin.value();
  facts.since = live.started;
  return facts;
}

}  // namespace

void report_metrics(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const LiveStatus live = desk.sources.live();
  const cache::StoreStatus store = desk.sources.store.status();
  Families families;
  families.info("larder_build_info", "The version that runs.", "version", live.version);
  families.gauge("larder_ready", "1 when clients are served.", desk.sources.ready() ? 1.0 : 0.0);
  add_process(families, live.started);
  add_traffic(families, live.counters);
  add_origins(families, live);
  add_store(families, store);
  const auto disk = add_disk(families, desk.config->storage);
  add_ledger(families, desk.sources.ledger.status());
  if (desk.sources.access_log) add_access_log(families, desk.sources.access_log());
  if (desk.sources.names) add_names(families, desk.sources.names());
  add_catalogues(families, desk);
  if (desk.sources.certificates != nullptr) add_certificate(families, *desk.sources.certificates);
  add_asset_cache(families, asset_cache_facts(desk, live, store, disk));
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = families.text();
  reply(std::move(response));
}

}  // namespace larder::admin
