// SPDX-License-Identifier: MIT
// Devices, in the order of their ids; and one device with what it has and its newest fetches.
#include <algorithm>
#include <string_view>
#include <tuple>

#include "reports/device_rows.h"
#include "reports/fetch_rows.h"
#include "reports/identity.h"
#include "reports/page_cursor.h"
#include "reports/report_scope.h"
#include "reports/reports.h"

namespace larder::reports {
namespace {

constexpr std::size_t kRecent = 100;

DeviceRow row_of(const Txn& txn, const DeviceState& state, const Inventory& inventory) {
  DeviceRow row;
  row.id = state.id;
  if (const InventoryDevice* device = inventory.of(state.id, state.mac)) {
    row.serial = device->serial;
    row.name = device->name;
    row.model = device->model;
    row.owner = device->owner;
    row.group = device->group;
  }
  row.host_name = text_of(txn, TextKind::text, state.host);
  row.evidence = state.evidence;
  row.address = state.address.text();
  if (state.mac) row.mac = mac_text(*state.mac);
  ShownSystem system = shown_system(state.system, [&](std::uint32_t id) { return text_of(txn, TextKind::text, id); });
  row.os = std::move(system.os);
  row.os_version = std::move(system.version);
  row.os_build = std::move(system.build);
  row.os_evidence = system.evidence;
  row.os_at_least = system.at_least;
  row.os_time = wall(system.time_us);
  row.requests = state.requests;
  row.bytes_sent = state.bytes_sent;
  row.first_seen = wall(state.first_us);
  row.last_seen = wall(state.last_us);
  return row;
}

// With a window or a product, the sums and times are of what lies in it; no row when nothing does.
std::optional<DeviceRow> row_within(const Scope& scope, std::uint32_t number, const Filter& filter,
                                    const Inventory& inventory) {
  const auto stored = scope.txn().get(Table::devices, RowKey{number}.view());
  DeviceState state;
  if (!stored || !decode_row(*stored, 0, state)) return std::nullopt;
  if (!scope.windowed() && filter.product.empty()) return row_of(scope.txn(), state, inventory);
  if (state.first_us >= scope.window().to_us || state.last_us < scope.window().from_us) return std::nullopt;
  Tally sum;
  scope.each_tally_of(number, [&](std::uint32_t, Entrance, const Tally& tally) { sum.add(tally); });
  if (sum.requests == 0) return std::nullopt;
  DeviceRow row = row_of(scope.txn(), state, inventory);
  row.requests = sum.requests;
  row.bytes_sent = sum.bytes_sent;
  row.first_seen = wall(sum.first_us);
  row.last_seen = wall(sum.last_us);
  return row;
}

// Of the products in scope, whenever they were fetched.
std::vector<NewestVersion> newest_of(const Scope& scope, std::uint32_t device) {
  const auto newest = read_row<NewestReleases>(scope.txn(), Table::newest, RowKey{device});
  std::vector<NewestVersion> versions;
  if (!newest) return versions;
  for (const std::uint32_t id : newest->ids) {
    if (!scope.has(id)) continue;
    const Release& release = scope.releases()[id];
    versions.push_back({release.product, release.version, release.build});
  }
  std::sort(versions.begin(), versions.end(), [](const auto& a, const auto& b) { return a.product < b.product; });
  return versions;
}

std::vector<DeviceProduct> products_of(const Scope& scope, std::uint32_t device) {
  std::vector<DeviceProduct> products;
  std::uint32_t last_release = 0;
  scope.each_tally_of(device, [&](std::uint32_t id, Entrance, const Tally& tally) {
    const Release& release = scope.releases()[id];
    if (!release.makes_row() || tally.bytes_sent == 0) return;
    if (id == last_release) {
      products.back().bytes_sent += tally.bytes_sent;
      return;
    }
    const auto stored = scope.txn().get(Table::holdings, RowKey{id, device}.view());
    Holding holding;
    if (!stored || !decode_row(*stored, 0, holding) || !holding.fetched()) return;
    last_release = id;
    products.push_back({release.product, release.version, release.build, holding.completed_us.has_value(),
                        holding.fraction(), wall(holding.fetched_first_us), wall(holding.fetched_last_us),
                        tally.bytes_sent});
  });
  std::sort(products.begin(), products.end(), [](const auto& a, const auto& b) {
    return std::tie(a.product, b.last_fetch) < std::tie(b.product, a.last_fetch);
  });
  return products;
}

// Newest recorded first, until the chain ends or retention has cut it.
std::vector<FetchRecord> recent_of(const Txn& txn, const DeviceState& state) {
  std::vector<FetchRecord> recent;
  FetchChain chain(txn, state);
  while (recent.size() < kRecent) {
    const auto recorded = chain.next();
    if (!recorded) break;
    recent.push_back(record_of(txn, *recorded, state.id));
  }
  std::stable_sort(recent.begin(), recent.end(), [](const auto& a, const auto& b) { return a.time > b.time; });
  return recent;
}

}  // namespace

Result<Page<DeviceRow>> devices_report(const Shelf& shelf, const Filter& filter) {
  auto after = decode_page_cursor(filter.cursor);
  if (!after) return std::move(after).error();
  if (after->size() > kMostIdBytes) return fail(ErrorKind::invalid, "the cursor is not one that a page gave");
  if (!filter.device.empty() && *after >= filter.device) return Page<DeviceRow>{};
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf, filter);
  Page<DeviceRow> page;
  if (scope.nothing()) return page;
  const auto inventory = shelf.inventory.as_of(txn);
  if (!filter.device.empty()) {
    const std::uint32_t number = scope.members()->front();
    if (auto row = row_within(scope, number, filter, *inventory)) {
      row->newest = newest_of(scope, number);
      page.items.push_back(std::move(*row));
    }
    return page;
  }
  Cursor cursor = txn.cursor(Table::device_ids);
  for (bool at = cursor.seek(*after); at; at = cursor.next()) {
    if (cursor.key() == *after) continue;
    const std::uint32_t number = StoredReader(cursor.value()).u32();
    auto row = scope.includes(number) ? row_within(scope, number, filter, *inventory) : std::nullopt;
    if (!row) continue;
    if (page.items.size() == scope.rows()) {
      page.next_cursor = encode_page_cursor(page.items.back().id);
      break;
    }
    row->newest = newest_of(scope, number);
    page.items.push_back(std::move(*row));
  }
  if (auto status = txn.status(); !status) return std::move(status).error();
  return page;
}

Result<DeviceDetail> device_report(const Shelf& shelf, const std::string& id) {
  const ReadTxn txn(shelf.environment);
  const auto number = id.empty() || id.size() > kMostIdBytes ? std::nullopt : txn.get(Table::device_ids, id);
  const auto stored = number ? txn.get(Table::devices, *number) : std::nullopt;
  DeviceState state;
  if (auto status = txn.status(); !status) return std::move(status).error();
  if (!stored || !decode_row(*stored, 0, state)) {
    return fail(ErrorKind::not_found, "no device with the id \"" + clean_name(id) + "\" has been seen");
  }
  DeviceDetail detail;
  const Scope everything(txn, shelf, {});
  detail.device = row_of(txn, state, *shelf.inventory.as_of(txn));
  detail.device.newest = newest_of(everything, word_at(*number, 0));
  detail.products = products_of(everything, word_at(*number, 0));
  detail.recent = recent_of(txn, state);
  if (auto status = txn.status(); !status) return std::move(status).error();
  return detail;
}

}  // namespace larder::reports
