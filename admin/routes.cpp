// SPDX-License-Identifier: MIT
#include "admin/routes.h"

#include <array>
#include <vector>

#include "admin/handlers.h"
#include "base/text.h"

namespace larder::admin {
namespace {

constexpr std::array kRoutes{
    Route{"GET", "/", Who::anyone, Where::here, serve_page},
    Route{"GET", "/page/{file}", Who::anyone, Where::here, serve_page_file},
    Route{"GET", "/healthz", Who::anyone, Where::here, report_health},
    Route{"GET", "/readyz", Who::anyone, Where::here, report_readiness},
    Route{"GET", "/metrics", Who::administrator, Where::worker, report_metrics},
    Route{"GET", "/api/v1/status", Who::administrator, Where::worker, report_status},
    Route{"GET", "/api/v1/doctor", Who::administrator, Where::worker, examine_larder},
    Route{"GET", "/api/v1/doctor/clients/{id}", Who::administrator, Where::worker, examine_client},
    Route{"GET", "/api/v1/config", Who::administrator, Where::worker, report_config},
    Route{"GET", "/api/v1/fills", Who::administrator, Where::worker, report_fills},
    Route{"GET", "/api/v1/live", Who::administrator, Where::stream, report_live},
    Route{"GET", "/api/v1/what", Who::administrator, Where::worker, report_what},
    Route{"GET", "/api/v1/reports/summary", Who::administrator, Where::worker, report_summary},
    Route{"GET", "/api/v1/reports/versions", Who::administrator, Where::worker, report_versions},
    Route{"GET", "/api/v1/reports/devices", Who::administrator, Where::worker, report_devices},
    Route{"GET", "/api/v1/reports/devices/{id}", Who::administrator, Where::worker, report_device},
    Route{"GET", "/api/v1/reports/releases", Who::administrator, Where::worker, report_releases},
    Route{"GET", "/api/v1/reports/lagging", Who::administrator, Where::worker, report_lagging},
    Route{"GET", "/api/v1/reports/traffic", Who::administrator, Where::worker, report_traffic},
    Route{"GET", "/api/v1/reports/fetches", Who::administrator, Where::worker, report_fetches},
    Route{"GET", "/api/v1/reports/adoption", Who::administrator, Where::worker, report_adoption},
    Route{"GET", "/api/v1/reports/problems", Who::administrator, Where::worker, report_problems},
    Route{"GET", "/api/v1/ledger/totals", Who::administrator, Where::worker, check_totals},
    Route{"POST", "/api/v1/ledger/totals", Who::administrator, Where::worker, repair_totals},
    Route{"POST", "/api/v1/devices/import", Who::administrator, Where::worker, import_devices, kImportBytes},
    Route{"POST", "/api/v1/devices/erase", Who::administrator, Where::worker, erase_device},
    Route{"GET", "/api/v1/audit", Who::administrator, Where::worker, report_audit},
    Route{"GET", "/api/v1/audit/check", Who::administrator, Where::worker, check_audit},
    Route{"GET", "/api/v1/tls", Who::administrator, Where::worker, report_tls},
    Route{"POST", "/api/v1/tls", Who::administrator, Where::worker, make_authority},
    Route{"GET", "/api/v1/profiles", Who::administrator, Where::worker, list_profiles},
    Route{"POST", "/api/v1/dns", Who::administrator, Where::worker, write_dns},
    Route{"POST", "/api/v1/profile", Who::administrator, Where::worker, write_profile},
    Route{"GET", "/api/v1/webhooks", Who::administrator, Where::worker, report_webhooks},
    Route{"POST", "/api/v1/webhooks/test", Who::administrator, Where::worker, test_webhooks},
    Route{"GET", "/api/v1/cache/objects", Who::administrator, Where::worker, list_objects},
    Route{"GET", "/api/v1/cache/verify", Who::administrator, Where::worker, report_verify},
    Route{"POST", "/api/v1/cache/verify", Who::administrator, Where::worker, start_verify},
    Route{"GET", "/api/v1/catalogues/bundle", Who::administrator, Where::worker, export_bundle},
    Route{"POST", "/api/v1/catalogues/bundle", Who::administrator, Where::worker, import_bundle, kBundleBytes},
    Route{"GET", "/api/v1/cache/prefetch", Who::administrator, Where::worker, list_prefetches},
    Route{"POST", "/api/v1/cache/prefetch", Who::administrator, Where::worker, start_prefetch},
    Route{"POST", "/api/v1/cache/pin", Who::administrator, Where::worker, pin_object},
    Route{"POST", "/api/v1/cache/unpin", Who::administrator, Where::worker, unpin_object},
    Route{"POST", "/api/v1/cache/evict", Who::administrator, Where::worker, evict_object},
};

// The parameter when the path is the route's, "" for a route without one; nothing when it is another.
std::optional<std::string> match_path(std::string_view pattern, std::string_view path) {
  const auto brace = pattern.find('{');
  if (brace == std::string_view::npos) return pattern == path ? std::optional(std::string{}) : std::nullopt;
  if (!path.starts_with(pattern.substr(0, brace))) return std::nullopt;
  const auto rest = path.substr(brace);
  if (rest.empty() || rest.find('/') != std::string_view::npos) return std::nullopt;
  auto decoded = percent_decode(rest);
  if (!decoded || !is_printable_utf8(*decoded)) return std::nullopt;
  return decoded;
}

}  // namespace

std::span<const Route> routes() {
  return kRoutes;
}

bool is_order(const Route& route) {
  return route.method == "POST" && route.handle != write_profile && route.handle != write_dns;
}

Match find_route(std::string_view method, std::string_view path) {
  Match match;
  for (const Route& route : kRoutes) {
    auto parameter = match_path(route.path, path);
    if (!parameter) continue;
    match.allow += (match.allow.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") match.allow += ", HEAD";
    if (route.method != method && !(route.method == "GET" && method == "HEAD")) continue;
    match.route = &route;
    match.parameter = std::move(*parameter);
  }
  return match;
}

}  // namespace larder::admin
