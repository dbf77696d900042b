// SPDX-License-Identifier: MIT
#include "reports/newest.h"

#include <algorithm>
#include <map>

#include "reports/device_rows.h"
#include "updates/recognise.h"

namespace larder::reports {
namespace {

constexpr std::size_t kRemembered = 16384;  // releases, 150 bytes each

bool has_whole(std::string_view stored) {
  Holding holding;
  return decode_row(stored, 0, holding) && holding.completed_us.has_value();
}

// Whether `a` is the one to keep of two releases of one product.
bool is_newer(std::uint32_t a, const Release& release_a, std::uint32_t b, const Release& release_b) {
  const int compared = updates::compare_versions(release_a.version, release_b.version);
  return compared != 0 ? compared > 0 : a < b;
}

}  // namespace

void NewestKeeper::add(const Txn& txn, NewestReleases& newest, std::uint32_t release) {
  if (releases_.size() + newest.ids.size() > kRemembered) releases_.clear();
  const Release& added = release_of(txn, release);
  const auto same = std::ranges::find_if(
      newest.ids, [&](std::uint32_t known) { return release_of(txn, known).product == added.product; });
  if (same != newest.ids.end()) {
    if (!is_newer(release, added, *same, release_of(txn, *same))) return;
    newest.ids.erase(same);
  }
  newest.ids.insert(std::ranges::lower_bound(newest.ids, release), release);
}

const Release& NewestKeeper::release_of(const Txn& txn, std::uint32_t id) {
  const auto [at, added] = releases_.try_emplace(id);
  if (added) at->second = Release::from(text_of(txn, TextKind::release, id));
  return at->second;
}

void renew_newest(WriteTxn& txn, std::uint32_t device) {
  NewestKeeper keeper;
  NewestReleases newest;
  const RowKey key{device};
  {
    Cursor cursor = txn.cursor(Table::device_totals);
    for (bool at = cursor.seek(key.view()); at && cursor.key().starts_with(key.view()); at = cursor.next()) {
      const std::uint32_t release = word_at(cursor.key(), 1);
      const auto stored = txn.get(Table::holdings, RowKey{release, device}.view());
      if (stored && has_whole(*stored)) keeper.add(txn, newest, release);
    }
  }
  if (newest.ids.empty()) {
    txn.erase(Table::newest, key.view());
  } else {
    write_row(txn, Table::newest, key, newest);
  }
}

void renew_newest(WriteTxn& txn) {
  NewestKeeper keeper;
  std::map<std::uint32_t, NewestReleases> devices;
  {
    Cursor cursor = txn.cursor(Table::holdings);
    for (bool at = cursor.first(); at; at = cursor.next()) {
      if (has_whole(cursor.value())) keeper.add(txn, devices[word_at(cursor.key(), 1)], word_at(cursor.key(), 0));
    }
  }
  erase_prefix(txn, Table::newest, {});
  for (const auto& [device, newest] : devices) write_row(txn, Table::newest, RowKey{device}, newest);
}

}  // namespace larder::reports
