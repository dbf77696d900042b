// SPDX-License-Identifier: MIT
// How the daemon is: alive, ready, and in numbers.
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/live_feed.h"
#include "admin/query.h"
#include "admin/standing_problems.h"
#include "config/keys.h"

namespace larder::admin {
namespace {

Response plain(int status, std::string text) {
  Response response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = std::move(text);
  return response;
}

Json counters_json(const proxy::Counters& counters) {
  return {{"connections_accepted", counters.connections_accepted.value()},
          {"connections_refused", counters.connections_refused.value()},
          {"connections_over_limit", counters.connections_over_limit.value()},
          {"connections_handed_over", counters.connections_handed_over.value()},
          {"client_rate", counters.client_rate.value()},
          {"line_rate", counters.line_rate.value()},
          {"answers_paced", counters.answers_paced.value()},
          {"line_waits", counters.line_waits.value()},
          {"tls_handshakes", counters.tls_handshakes.value()},
          {"tls_failures", counters.tls_failures.value()},
          {"tunnels_open", counters.tunnels_open.value()},
          {"tunnels_opened", counters.tunnels_opened.value()},
          {"tunnels_refused", counters.tunnels_refused.value()},
          {"tunnel_bytes", counters.tunnel_bytes.value()},
          {"requests", counters.requests.value()},
          {"requests_running", counters.requests_running.value()},
          {"requests_over_limit", counters.requests_over_limit.value()},
          {"requests_timed_out", counters.requests_timed_out.value()},
          {"answers_timed_out", counters.answers_timed_out.value()},
          {"requests_hit", counters.requests_hit.value()},
          {"requests_joined", counters.requests_joined.value()},
          {"requests_miss", counters.requests_miss.value()},
          {"requests_stale", counters.requests_stale.value()},
          {"requests_pass", counters.requests_pass.value()},
          {"requests_refused", counters.requests_refused.value()},
          {"requests_failed", counters.requests_failed.value()},
          {"bytes_sent", counters.bytes_sent.value()},
          {"bytes_from_origin", counters.bytes_from_origin.value()},
          {"origin_requests", counters.origin_requests.value()},
          {"origin_retries", counters.origin_retries.value()},
          {"origin_circuits_opened", counters.origin_circuits_opened.value()},
          {"origin_unasked", counters.origin_unasked.value()},
          {"requests_negative", counters.requests_negative.value()},
          {"fills_started", counters.fills_started.value()},
          {"fills_finished", counters.fills_finished.value()},
          {"fills_failed", counters.fills_failed.value()},
          {"contents_checked", counters.contents_checked.value()},
          {"contents_refused", counters.contents_refused.value()}};
}

Json time_or_null(WallTime time) {
  return time == WallTime() ? Json(nullptr) : Json(to_rfc3339(time));
}

Json store_json(const cache::StoreStatus& store) {
  return {{"bytes_held", store.bytes_held},
          {"bytes_limit", store.bytes_limit},
          {"objects", store.objects},
          {"objects_complete", store.objects_complete},
          {"blobs", store.blobs},
          {"evicted_objects", store.evicted_objects},
          {"corrupt_chunks", store.corrupt_chunks},
          {"chunks_queued", store.chunks_queued},
          {"chunks_lost", store.chunks_lost},
          {"chunks_scrubbed", store.chunks_scrubbed},
          {"scrub_began", time_or_null(store.scrub_began)},
          {"scrub_ended", time_or_null(store.scrub_ended)},
          {"full", store.full},
          {"broken", store.broken.empty() ? Json(nullptr) : Json(store.broken)},
          {"set_aside", store.set_aside}};
}

Json origins_json(const std::vector<RestingOrigin>& origins) {
  Json list = Json::array();
  for (const auto& origin : origins) {
    list.push_back({{"origin", origin.origin},
                    {"why", origin.why},
                    {"failures", origin.failures},
                    {"since", to_rfc3339(origin.since)},
                    {"next_try_seconds", origin.next_try_seconds}});
  }
  return list;
}

Json mismatches_json(const std::vector<proxy::Mismatch>& mismatches) {
  Json list = Json::array();
  for (const proxy::Mismatch& mismatch : mismatches) {
    list.push_back({{"time", to_rfc3339(mismatch.time)},
                    {"url", mismatch.url},
                    {"product", mismatch.product},
                    {"version", mismatch.version},
                    {"why", mismatch.why}});
  }
  return list;
}

Json ledger_json(const reports::Ledger::LedgerStatus& ledger) {
  return {{"fetches", ledger.fetches},
          {"dropped", ledger.dropped},
          {"broken", ledger.broken.empty() ? Json(nullptr) : Json(ledger.broken)},
          {"set_aside", ledger.set_aside}};
}

Json manifests_json(const std::vector<proxy::MauState>& manifests) {
  Json list = Json::array();
  for (const proxy::MauState& state : manifests) {
    list.push_back({{"product", state.product.empty() ? state.app_id : state.product},
                    {"channel", state.channel},
                    {"version", state.version.empty() ? Json(nullptr) : Json(state.version)},
                    {"generation", state.generation},
                    {"published", time_or_null(state.published)},
                    {"confirmed", time_or_null(state.confirmed)},
                    {"held", state.held.empty() ? Json(nullptr) : Json(state.held)},
                    {"held_since", time_or_null(state.held_since)}});
  }
  return list;
}

}  // namespace

void report_health(const Desk&, const Request&, const Reply& reply) {
  reply(plain(200, "ok\n"));
}

void report_readiness(const Desk& desk, const Request&, const Reply& reply) {
  reply(desk.sources.ready() ? plain(200, "ready\n") : plain(503, "not ready: clients are not served yet\n"));
}

void report_status(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const LiveStatus live = desk.sources.live();
  const WallTime now = desk.sources.clock.now();
  Json answer;
  answer["version"] = live.version;
  answer["now"] = to_rfc3339(now);
  answer["started"] = to_rfc3339(live.started);
  answer["uptime_seconds"] = std::chrono::floor<std::chrono::seconds>(now - live.started).count();
  answer["ready"] = desk.sources.ready();
  answer["config_file"] = desk.config->file.string();
  answer["clients_connected"] = live.counters.connections_open.value();
  answer["fills_running"] = live.fills.size();
  answer["origins_at_rest"] = origins_json(live.origins_at_rest);
  answer["mismatches"] = mismatches_json(live.mismatches);
  answer["counters"] = counters_json(live.counters);
  answer["problems"] = Json::array();
  for (const Problem& problem : standing_problems(desk, live)) answer["problems"].push_back(problem.what);
  answer["manifests"] =
      manifests_json(desk.sources.manifests ? desk.sources.manifests() : std::vector<proxy::MauState>{});
  answer["store"] = store_json(desk.sources.store.status());
  answer["ledger"] = ledger_json(desk.sources.ledger.status());
  Response response;
  response.body = dumped(answer);
  reply(std::move(response));
}

void report_config(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  Table table;
  table.columns = {"key", "type", "value", "default", "example", "meaning", "applies"};
  for (const config::Key& key : config::keys()) {
    table.rows.push_back({std::string(key.name), std::string(key.type), key.show(*desk.config),
                          std::string(key.default_text), std::string(key.example), std::string(key.meaning),
                          std::string(config::to_string(key.reload))});
  }
  Response response;
  response.body = list_json(table, "");
  reply(std::move(response));
}

void report_fills(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  Response response;
  response.body = list_json(running_fills(desk.sources.live()), "");
  reply(std::move(response));
}

}  // namespace larder::admin
