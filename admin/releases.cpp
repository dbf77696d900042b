// SPDX-License-Identifier: MIT
// The releases that catalogues list, and how each has spread.
#include "admin/releases.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "admin/handlers.h"
#include "admin/ledger_tables.h"
#include "base/time_text.h"
#include "updates/beta.h"
#include "updates/mau_set.h"
#include "updates/recognise.h"

namespace larder::admin {
namespace {

// How the versions of all products have spread, by product and version; builds of one version together: the one that
// most have counts.
class Spread {
 public:
  static Result<Spread> read(reports::Ledger& ledger, const reports::Filter& filter) {
    auto rows = ledger.spread(filter);
    if (!rows) return rows.error();
    Spread spread;
    for (reports::SpreadRow& row : *rows) {
      auto [at, added] = spread.rows_.try_emplace({row.product, row.version}, row);
      if (!added && row.devices_complete > at->second.devices_complete) at->second = std::move(row);
    }
    return spread;
  }

  // Null: no device has it.
  const reports::SpreadRow* of(const ListedRelease& release) const {
    const auto found = rows_.find({release.product, release.version});
    return found == rows_.end() ? nullptr : &found->second;
  }

 private:
  std::map<std::pair<std::string, std::string>, reports::SpreadRow> rows_;
};

Cell text_or_nothing(std::string_view text) {
  return text.empty() ? Cell{} : Cell{std::string(text)};
}

// Days from a release's day, or else from its first sight, or else from the first device that had it, until a moment.
Cell days_until(const ListedRelease& release, const reports::SpreadRow& spread, WallTime moment) {
  if (moment == WallTime{}) return {};
  const WallTime listed = release.released == WallTime{} ? release.first_seen : release.released;
  const WallTime since = listed == WallTime{} ? spread.first_complete : listed;
  return std::max(0.0, std::chrono::duration<double, std::ratio<86400>>(moment - since).count());
}

// Sizes are those of packages in the store: a manifest tells none that can be relied on.
std::vector<Cell> row_of(const ListedRelease& release, const Spread& spread, cache::Reader& reader) {
  const cache::ObjectPtr held = release.url.empty() ? nullptr : reader.find(release.url);
  const reports::SpreadRow* devices = spread.of(release);
  return {release.product,
          release.version,
          text_or_nothing(release.marketing_version),
          release.channel,
          to_cell(release.first_seen),
          release.current,
          held ? Cell{held->size_bytes} : Cell{},
          devices != nullptr ? devices->devices_complete : std::uint64_t{0},
          text_or_nothing(release.url),
          devices != nullptr ? Cell{devices->devices_of_product} : Cell{},
          to_cell(devices != nullptr ? devices->first_complete : WallTime{}),
          devices != nullptr ? days_until(release, *devices, devices->half_complete) : Cell{},
          devices != nullptr ? days_until(release, *devices, devices->most_complete) : Cell{},
          to_cell(release.released)};
}

// AutoUpdate's, the newest first.
void add_published(const std::vector<proxy::MauState>& manifests, std::vector<ListedRelease>& releases) {
  for (const proxy::MauState& state : manifests) {
    const std::string& product = state.product.empty() ? state.app_id : state.product;
    for (auto release = state.releases.rbegin(); release != state.releases.rend(); ++release) {
      releases.push_back({product, release->version, std::string(updates::mau_marketing_version(release->title)),
                          state.channel, release->first_seen, release->version == state.version, release->url});
    }
  }
}

// What other catalogues list: Apple's, and the versions of its systems that are out without a file that is known. The
// newest of a product, as far as versions tell, is the current one.
void add_listed(const updates::Knowledge& knowledge, std::vector<ListedRelease>& releases) {
  std::set<std::string> published;
  for (const ListedRelease& release : releases) published.insert(release.product);
  std::map<std::string, std::map<std::string, ListedRelease>> others;  // by product and version
  knowledge.each_file([&](const updates::ListedFile& file) {
    if (!file.principal || file.version.empty() || published.contains(file.product)) return;
    ListedRelease& release = others[file.product][file.version];
    release.product = file.product;
    release.version = file.version;
    release.channel = file.channel;
    release.released = earlier(release.released, file.released);
    if (file.from_version.empty() && !file.superseded) release.url = file.url;
  });
  knowledge.each_system_release([&](const updates::SystemRelease& system) {
    ListedRelease& release = others[system.product][system.version];
    release.product = system.product;
    release.version = system.version;
    release.released = earlier(release.released, system.released);
  });
  for (auto& [product, versions] : others) {
    std::vector<ListedRelease> sorted;
    for (auto& [version, release] : versions) sorted.push_back(std::move(release));
    std::sort(sorted.begin(), sorted.end(), [](const ListedRelease& a, const ListedRelease& b) {
      return updates::compare_versions(a.version, b.version) > 0;
    });
    const auto current =
        std::ranges::find_if(sorted, [](const auto& release) { return !updates::is_trial(release.version); });
    if (current != sorted.end()) current->current = true;
    std::move(sorted.begin(), sorted.end(), std::back_inserter(releases));
  }
}

}  // namespace

std::vector<ListedRelease> listed_releases(const std::vector<proxy::MauState>& manifests,
                                           const updates::Knowledge& knowledge) {
  std::vector<ListedRelease> releases;
  add_published(manifests, releases);
  add_listed(knowledge, releases);
  return releases;
}

WallTime newest_office_release(const std::vector<proxy::MauState>& manifests) {
  constexpr std::array kOffice{"MSWD2019", "XCEL2019", "PPT32019", "OPIM2019", "ONMC2019"};
  WallTime newest;
  for (const proxy::MauState& state : manifests) {
    if (std::find(kOffice.begin(), kOffice.end(), state.app_id) == kOffice.end()) continue;
    for (const auto& release : state.releases) newest = std::max(newest, release.first_seen);
  }
  return newest;
}

bool is_unconfirmed(const proxy::MauState& state, WallTime now) {
  // Origins are looked at each few minutes while devices ask.
  constexpr std::chrono::hours kUnconfirmed{48};
  return now - state.asked < kUnconfirmed && now - state.confirmed > kUnconfirmed;
}

void report_releases(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"product", "group", "format"});
  if (!query) return reply(problem(query.error()));
  const auto as_csv = query->wants_csv();
  const auto filter = query->filter();
  if (!filter || !as_csv) return reply(problem(filter ? as_csv.error() : filter.error()));
  const auto spread = Spread::read(desk.sources.ledger, *filter);
  if (!spread) return reply(problem(spread.error()));
  const auto releases = listed_releases(
      desk.sources.manifests ? desk.sources.manifests() : std::vector<proxy::MauState>{}, *desk.sources.knowledge());
  Table table;
  table.columns = {"product",        "version",      "marketing_version", "channel", "first_seen",
                   "current",        "size_bytes",   "devices_complete",  "url",     "devices_of_product",
                   "first_complete", "days_to_half", "days_to_most",      "released"};
  const auto reader = desk.sources.make_reader();
  for (const ListedRelease& release : releases) {
    if (filter->product.empty() || filter->product == release.product) {
      table.rows.push_back(row_of(release, *spread, *reader));
    }
  }
  reply(whole_list(table, *as_csv));
}

}  // namespace larder::admin
