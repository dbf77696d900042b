// SPDX-License-Identifier: MIT
// Versions: products in order, of each the newest version first. With a window, the devices are those that were sent
// bytes within it, complete or partly as they stood at its end.
#include <algorithm>
#include <map>

#include "reports/page_cursor.h"
#include "reports/report_scope.h"
#include "reports/reports.h"
#include "updates/recognise.h"

namespace larder::reports {
namespace {

// Product ascending, version descending, build descending: less means sooner in the list.
bool sooner(const Release& a, const Release& b) {
  if (a.product != b.product) return a.product < b.product;
  if (const int compared = updates::compare_versions(a.version, b.version); compared != 0) return compared > 0;
  if (a.version != b.version) return a.version > b.version;
  return a.build > b.build;
}

// Which devices have all or part of a release, within the scope's window and of its devices.
class Holders {
 public:
  explicit Holders(const Scope& scope) : scope_(scope) {}

  VersionCounts of(std::uint32_t release) const {
    VersionCounts counts;
    if (scope_.members() == nullptr && !scope_.windowed()) {
      if (const auto stored = scope_.txn().get(Table::versions, RowKey{release}.view())) {
        decode_row(*stored, 0, counts);
      }
      return counts;
    }
    if (scope_.members() != nullptr) {
      for (const std::uint32_t device : *scope_.members()) {
        const RowKey key{release, device};
        if (const auto stored = scope_.txn().get(Table::holdings, key.view())) count(key.view(), *stored, counts);
      }
      return counts;
    }
    const RowKey prefix{release};
    Cursor cursor = scope_.txn().cursor(Table::holdings);
    for (bool at = cursor.seek(prefix.view()); at && cursor.key().starts_with(prefix.view()); at = cursor.next()) {
      count(cursor.key(), cursor.value(), counts);
    }
    return counts;
  }

 private:
  void count(std::string_view key, std::string_view value, VersionCounts& counts) const {
    Holding holding;
    if (!decode_row(value, 0, holding) || !holding.fetched() || !within(key, holding)) return;
    const bool complete = holding.completed_us && *holding.completed_us < scope_.window().to_us;
    ++(complete ? counts.complete : counts.partly);
  }

  bool within(std::string_view key, const Holding& holding) const {
    const Window& window = scope_.window();
    if (holding.fetched_first_us >= window.to_us || holding.fetched_last_us < window.from_us) return false;
    return window.contains(holding.fetched_first_us) || window.contains(holding.fetched_last_us) ||
           scope_.active(word_at(key, 1), word_at(key, 0), Scope::Wanted::bytes);
  }

  const Scope& scope_;
};

VersionRow row_of(const Release& release, const Tally& tally, const VersionCounts& counts) {
  VersionRow row;
  row.product = release.product;
  row.version = release.version;
  row.build = release.build;
  row.devices_complete = counts.complete;
  row.devices_partly = counts.partly;
  row.first_fetch = wall(tally.first_us);
  row.last_fetch = wall(tally.last_us);
  row.bytes_sent = tally.bytes_sent;
  row.requests = tally.requests;
  return row;
}

}  // namespace

Result<Page<VersionRow>> versions_report(const Shelf& shelf, const Filter& filter) {
  auto after = decode_page_cursor(filter.cursor);
  if (!after) return std::move(after).error();
  const ReadTxn txn(shelf.environment);
  const Scope scope(txn, shelf, filter);
  std::map<std::uint32_t, Tally> tallies;
  scope.each_tally([&](std::uint32_t release, Entrance, const Tally& tally) {
    if (tally.requests > 0 && scope.releases()[release].makes_row()) tallies[release].add(tally);
  });
  const auto& releases = scope.releases();
  const Release last_given = Release::from(*after);
  std::vector<std::uint32_t> ids;
  for (const auto& [id, tally] : tallies) {
    if (after->empty() || sooner(last_given, releases[id])) ids.push_back(id);
  }
  const auto page_end = ids.begin() + static_cast<std::ptrdiff_t>(std::min(ids.size(), scope.rows() + 1));
  std::partial_sort(ids.begin(), page_end, ids.end(), [&](auto a, auto b) { return sooner(releases[a], releases[b]); });
  Page<VersionRow> page;
  const Holders holders(scope);
  for (const std::uint32_t id : ids) {
    if (page.items.size() == scope.rows()) {
      const VersionRow& last = page.items.back();
      page.next_cursor = encode_page_cursor(Release{last.product, last.version, last.build, false}.text());
      break;
    }
    page.items.push_back(row_of(releases[id], tallies[id], holders.of(id)));
  }
  if (auto status = txn.status(); !status) return std::move(status).error();
  return page;
}

}  // namespace larder::reports
