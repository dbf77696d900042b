// SPDX-License-Identifier: MIT
// The releases of Microsoft's applications that Larder has seen, whether or not a device has fetched them.
#include "admin/releases.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"
#include "admin/table.h"
#include "updates/mau_set.h"

namespace larder::admin {
namespace {

// Devices that have fetched a version whole, by version.
Result<std::map<std::string, std::uint64_t>> devices_of(reports::Ledger& ledger, const std::string& product) {
  std::map<std::string, std::uint64_t> devices;
  reports::Filter filter;
  filter.product = product;
  filter.limit = 1000;
  do {
    const auto page = ledger.versions(filter);
    if (!page) return page.error();
    for (const reports::VersionRow& row : page->items) devices[row.version] += row.devices_complete;
    filter.cursor = page->next_cursor;
  } while (!filter.cursor.empty());
  return devices;
}

Cell text_or_nothing(std::string_view text) {
  return text.empty() ? Cell{} : Cell{std::string(text)};
}

// The newest first. Sizes are those of packages in the store: a manifest tells none that can be relied on.
Status add_rows(const Desk& desk, const proxy::MauState& state, cache::Reader& reader, Table& table) {
  const std::string& product = state.product.empty() ? state.app_id : state.product;
  const auto devices = devices_of(desk.sources.ledger, product);
  if (!devices) return devices.error();
  for (auto release = state.releases.rbegin(); release != state.releases.rend(); ++release) {
    const cache::ObjectPtr held = release->url.empty() ? nullptr : reader.find(release->url);
    const auto fetched = devices->find(release->version);
    table.rows.push_back(
        {product, release->version, text_or_nothing(updates::mau_marketing_version(release->title)), state.channel,
         to_cell(release->first_seen), release->version == state.version, held ? Cell{held->size_bytes} : Cell{},
         fetched == devices->end() ? std::uint64_t{0} : fetched->second, text_or_nothing(release->url)});
  }
  return ok();
}

}  // namespace

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
  const auto query = Query::parse(request.query, {"product", "format"});
  if (!query) return reply(problem(query.error()));
  const auto as_csv = query->wants_csv();
  if (!as_csv) return reply(problem(as_csv.error()));
  const std::string wanted = query->text("product");
  Table table;
  table.columns = {"product", "version",    "marketing_version", "channel", "first_seen",
                   "current", "size_bytes", "devices_complete",  "url"};
  if (desk.sources.manifests) {
    const auto reader = desk.sources.make_reader();
    for (const proxy::MauState& state : desk.sources.manifests()) {
      if (!wanted.empty() && wanted != (state.product.empty() ? state.app_id : state.product)) continue;
      if (auto added = add_rows(desk, state, *reader, table); !added) return reply(problem(added.error()));
    }
  }
  Response response;
  if (*as_csv) response.content_type = "text/csv; charset=utf-8; header=present";
  response.body = *as_csv ? csv(table) : list_json(table, "");
  reply(std::move(response));
}

}  // namespace larder::admin
