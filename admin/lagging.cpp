// SPDX-License-Identifier: MIT
// Devices that are behind: what catalogues list, put beside what the ledger knows of each device.
#include <set>
#include <tuple>

#include "admin/handlers.h"
#include "admin/ledger_tables.h"
#include "admin/releases.h"
#include "updates/beta.h"
#include "updates/recognise.h"

namespace larder::admin {
namespace {

// What everybody gets: other channels are for those who try out.
constexpr std::string_view kUsualChannel = "Current";

std::vector<reports::KnownRelease> known_releases(const Desk& desk) {
  std::vector<reports::KnownRelease> known;
  std::set<std::string> published;
  if (desk.sources.manifests) {
    for (const proxy::MauState& state : desk.sources.manifests()) {
      if (state.channel != kUsualChannel || state.version.empty()) continue;
      const std::string& product = state.product.empty() ? state.app_id : state.product;
      published.insert(product);
      for (const updates::MauRelease& release : state.releases) {
        // What is held off is nobody's to have.
        if (updates::compare_versions(release.version, state.version) > 0) continue;
        known.push_back({product, release.version, release.first_seen});
      }
    }
  }
  std::set<std::tuple<std::string, std::string, WallTime>> listed;
  desk.sources.knowledge()->each_file([&](const updates::ListedFile& file) {
    if (!file.principal || published.contains(file.product) || updates::is_trial(file.version)) return;
    if (!file.channel.empty() && file.channel != kUsualChannel) return;
    listed.emplace(file.product, file.version, file.released);
  });
  desk.sources.knowledge()->each_system_release([&](const updates::SystemRelease& release) {
    if (!updates::is_trial(release.version)) listed.emplace(release.product, release.version, release.released);
  });
  for (const auto& [product, version, released] : listed) known.push_back({product, version, released});
  return known;
}

Table table_of(const std::vector<reports::LaggingRow>& rows) {
  Table table;
  table.columns = {"device",          "name",        "group",    "product", "version", "newest_version",
                   "releases_behind", "days_behind", "last_seen"};
  for (const auto& row : rows) {
    table.rows.push_back({row.device, row.name, row.group, row.product, row.version, row.newest_version,
                          row.releases_behind, row.days_behind, to_cell(row.last_seen)});
  }
  return table;
}

}  // namespace

void report_lagging(const Desk& desk, const Request& request, const Reply& reply) {
  answer_pages<reports::LaggingRow>(
      request, reply, {"from", "to", "product", "device", "group", "limit", "cursor", "format"},
      [&desk, known = known_releases(desk)](const reports::Filter& filter) {
        return desk.sources.ledger.lagging(filter, known);
      },
      table_of);
}

}  // namespace larder::admin
