// SPDX-License-Identifier: MIT
// Lagging: what every device has of each product, against what there is now. Devices are passed over once, and looked
// at closely only until the page is full. A window leaves out those that asked for nothing in it.
#include <algorithm>
#include <limits>
#include <map>
#include <unordered_map>

#include "reports/device_rows.h"
#include "reports/page_cursor.h"
#include "reports/report_scope.h"
#include "reports/reports.h"
#include "updates/beta.h"
#include "updates/recognise.h"

namespace larder::reports {
namespace {

constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();

std::string_view major_of(std::string_view version) {
  return version.substr(0, version.find('.'));
}

struct Version {
  std::string text;
  std::uint64_t since_us = kUnknown;  // it was first seen by a catalogue or fetched by a device
};

// The releases of one product from the oldest to the newest; versions that compare as equal are one.
class Product {
 public:
  // Keeps the earlier time of two.
  void add(const std::string& version, std::uint64_t since_us) {
    const auto at = place_of(version);
    if (at != versions_.end() && updates::compare_versions(at->text, version) == 0) {
      at->since_us = std::min(at->since_us, since_us);
    } else {
      versions_.insert(at, {version, since_us});
    }
  }

  bool empty() const { return versions_.empty(); }
  const Version& newest() const { return versions_.back(); }
  // Those that are newer than `version`. Of a lower bound, those of a newer major version: Darwin's number stays the
  // same from some minor version on.
  std::size_t behind(const std::string& version, bool at_least) const {
    if (at_least) {
      return static_cast<std::size_t>(std::count_if(versions_.begin(), versions_.end(), [&](const Version& each) {
        return updates::compare_versions(major_of(each.text), major_of(version)) > 0;
      }));
    }
    auto at = const_cast<Product*>(this)->place_of(version);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    if (at != versions_.end() && updates::compare_versions(at->text, version) == 0) ++at;
    return static_cast<std::size_t>(versions_.end() - at);
  }
  const Version& from_newest(std::size_t place) const { return versions_[versions_.size() - 1 - place]; }

 private:
  std::vector<Version>::iterator place_of(const std::string& version) {
    return std::lower_bound(versions_.begin(), versions_.end(), version, [](const Version& a, const std::string& b) {
      return updates::compare_versions(a.text, b) < 0;
    });
  }

  std::vector<Version> versions_;
};

// One device, by all ids that the inventory says it has.
struct Machine {
  std::string name, group;
  std::uint64_t last_us = 0;
  bool told_of = false;                                         // it asked for anything in the window
  std::vector<std::pair<std::uint32_t, DeviceSystem>> devices;  // number, what it said it runs
};

struct Known {
  std::string version;
  bool at_least = false;  // it may run a newer one
};
using KnownVersions = std::map<std::string, Known>;  // by product, the newest known

void add_known(KnownVersions& versions, const std::string& product, const Known& known) {
  Known& newest = versions[product];
  if (newest.version.empty() || updates::compare_versions(newest.version, known.version) < 0) newest = known;
}

class Lagging {
 public:
  Lagging(const Scope& scope, const Inventory& inventory, const Filter& filter, const std::vector<KnownRelease>& known)
      : scope_(scope), inventory_(inventory), filter_(filter) {
    for (const KnownRelease& release : known) {
      if (release.product.empty() || release.version.empty() || !asked_for(release.product)) continue;
      const auto since = release.since.time_since_epoch().count();
      products_[release.product].add(release.version, since > 0 ? static_cast<std::uint64_t>(since) : kUnknown);
    }
    read_releases();
    read_devices();
    if (scope.windowed()) std::erase_if(machines_, [](const auto& each) { return !each.second.told_of; });
    if (filter.product.empty() && !scope.windowed()) add_unseen();
  }

  const std::map<std::string, Machine>& machines() const { return machines_; }
  const Product* product(const std::string& name) const {
    const auto found = products_.find(name);
    return found == products_.end() || found->second.empty() ? nullptr : &found->second;
  }
  // Of what the device has: nothing when not a single piece of it is behind, as it is with most.
  KnownVersions versions_of(const Machine& machine) {
    std::vector<std::uint32_t> releases;
    std::vector<ShownSystem> systems;
    bool lags = false;
    for (const auto& [number, said] : machine.devices) {
      ShownSystem system = shown_system(said, [this](std::uint32_t id) { return text(id); });
      if (!system.version.empty() && asked_for(system.os)) {
        const Product* known = product(system.os);
        lags = lags || (known != nullptr && known->behind(system.version, system.at_least) > 0);
        systems.push_back(std::move(system));
      }
      const auto newest = read_row<NewestReleases>(scope_.txn(), Table::newest, RowKey{number});
      if (!newest) continue;
      for (const std::uint32_t id : newest->ids) lags = lags || is_behind(id);
      releases.insert(releases.end(), newest->ids.begin(), newest->ids.end());
    }
    KnownVersions versions;
    if (!lags) return versions;
    for (const ShownSystem& system : systems) add_known(versions, system.os, {system.version, system.at_least});
    for (const std::uint32_t id : releases) {
      if (const Release* release = asked_release(id)) add_known(versions, release->product, {release->version, false});
    }
    return versions;
  }

 private:
  // Null: it is not asked about.
  const Release* asked_release(std::uint32_t id) const {
    if (id >= scope_.releases().size()) return nullptr;
    const Release& release = scope_.releases()[id];
    return release.version.empty() || !asked_for(release.product) ? nullptr : &release;
  }

  bool is_behind(std::uint32_t id) {
    const auto [at, added] = behind_.try_emplace(id);
    if (added) {
      const Release* release = asked_release(id);
      const Product* known = release != nullptr ? product(release->product) : nullptr;
      at->second = known != nullptr && known->behind(release->version, false) > 0;
    }
    return at->second;
  }

  const std::string& text(std::uint32_t id) {
    const auto [at, added] = texts_.try_emplace(id);
    if (added) at->second = text_of(scope_.txn(), TextKind::text, id);
    return at->second;
  }

  bool asked_for(const std::string& product) const { return filter_.product.empty() || filter_.product == product; }

  // Of products that no catalogue lists, what devices have fetched is all there is. What some try out, the others do
  // not lack.
  void read_releases() {
    std::map<std::string, Product> fetched;
    Cursor cursor = scope_.txn().cursor(Table::totals);
    for (bool at = cursor.first(); at; at = cursor.next()) {
      const std::uint32_t id = word_at(cursor.key(), 0);
      if (id >= scope_.releases().size()) continue;
      const Release& release = scope_.releases()[id];
      Tally tally;
      if (!release.makes_row() || release.version.empty() || updates::is_trial(release.version) ||
          !asked_for(release.product) || products_.contains(release.product) || !decode_row(cursor.value(), 0, tally) ||
          tally.bytes_sent == 0) {
        continue;
      }
      fetched[release.product].add(release.version, tally.first_us);
    }
    products_.merge(fetched);
  }

  void read_devices() {
    Cursor cursor = scope_.txn().cursor(Table::devices);
    for (bool at = cursor.first(); at; at = cursor.next()) {
      DeviceState state;
      if (!decode_row(cursor.value(), 0, state)) continue;
      const InventoryDevice* device = inventory_.of(state.id, state.mac);
      const std::string& key = device != nullptr ? device->serial : state.id;
      if (!filter_.device.empty() && filter_.device != key && filter_.device != state.id) continue;
      if (!filter_.group.empty() && (device == nullptr || device->group != filter_.group)) continue;
      Machine& machine = machines_[key];
      if (device != nullptr) {
        machine.name = device->name;
        machine.group = device->group;
      }
      machine.last_us = std::max(machine.last_us, state.last_us);
      machine.told_of = machine.told_of || was_active(word_at(cursor.key(), 0), state);
      machine.devices.emplace_back(word_at(cursor.key(), 0), state.system);
    }
  }

  // Most are told by their first and last times alone.
  bool was_active(std::uint32_t number, const DeviceState& state) const {
    const Window& window = scope_.window();
    if (!scope_.windowed() || window.contains(state.last_us) || window.contains(state.first_us)) return true;
    if (state.last_us < window.from_us || state.first_us >= window.to_us) return false;
    return scope_.active(number, std::nullopt, Scope::Wanted::requests);
  }

  void add_unseen() {
    for (const auto& [serial, device] : inventory_.devices()) {
      if (!filter_.device.empty() && filter_.device != serial) continue;
      if (!filter_.group.empty() && device.group != filter_.group) continue;
      machines_.try_emplace(serial, Machine{device.name, device.group, 0, false, {}});
    }
  }

  const Scope& scope_;
  const Inventory& inventory_;
  const Filter& filter_;
  std::map<std::string, Product> products_;
  std::map<std::string, Machine> machines_;         // by serial number or id
  std::unordered_map<std::uint32_t, bool> behind_;  // by release
  std::unordered_map<std::uint32_t, std::string> texts_;
};

// A row's place in the list, and so its page's cursor.
std::string key_of(const std::string& device, const std::string& product) {
  return device + '\0' + product;
}

void add_rows(const std::string& device, const Machine& machine, Lagging& all, WallTime now,
              std::vector<LaggingRow>& rows) {
  LaggingRow row;
  row.device = device;
  row.name = machine.name;
  row.group = machine.group;
  if (machine.last_us == 0) {
    rows.push_back(row);
    return;
  }
  row.last_seen = wall(machine.last_us);
  for (const auto& [product, known] : all.versions_of(machine)) {
    const Product* releases = all.product(product);
    const std::size_t behind = releases != nullptr ? releases->behind(known.version, known.at_least) : 0;
    if (behind == 0) continue;
    row.product = product;
    row.version = known.version;
    row.newest_version = releases->newest().text;
    row.releases_behind = behind;
    const std::uint64_t lacked_since = releases->from_newest(behind - 1).since_us;
    const auto now_us = static_cast<std::uint64_t>(now.time_since_epoch().count());
    row.days_behind = lacked_since >= now_us ? 0 : (now_us - lacked_since) / kDayUs;
    rows.push_back(row);
  }
}

}  // namespace

Result<Page<LaggingRow>> lagging_report(const Shelf& shelf, const Filter& filter,
                                        const std::vector<KnownRelease>& known, WallTime now) {
  const auto after = decode_page_cursor(filter.cursor);
  if (!after) return after.error();
  const ReadTxn txn(shelf.environment);
  Filter everything;
  everything.limit = filter.limit;
  everything.from = filter.from;
  everything.to = filter.to;
  const Scope scope(txn, shelf, everything);
  if (scope.nothing()) return Page<LaggingRow>{};
  const auto inventory = shelf.inventory.as_of(txn);
  Lagging lagging(scope, *inventory, filter, known);
  if (auto status = txn.status(); !status) return std::move(status).error();
  Page<LaggingRow> page;
  std::vector<LaggingRow> rows;
  const auto& machines = lagging.machines();
  for (auto machine = machines.lower_bound(after->substr(0, after->find('\0'))); machine != machines.end(); ++machine) {
    rows.clear();
    add_rows(machine->first, machine->second, lagging, now, rows);
    for (LaggingRow& row : rows) {
      if (!after->empty() && key_of(row.device, row.product) <= *after) continue;
      if (page.items.size() == scope.rows()) {
        const LaggingRow& last = page.items.back();
        page.next_cursor = encode_page_cursor(key_of(last.device, last.product));
        return page;
      }
      page.items.push_back(std::move(row));
    }
  }
  return page;
}

}  // namespace larder::reports
