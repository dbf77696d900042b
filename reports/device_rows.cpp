// SPDX-License-Identifier: MIT
#include "reports/device_rows.h"

#include <algorithm>

#include "reports/dictionary.h"

namespace larder::reports {
namespace {

bool is_seen(const Holding& holding) {
  return holding.seen_first_us <= holding.seen_last_us;
}

void count(WriteTxn& txn, std::uint32_t release, Possessed before, Possessed after) {
  if (before == after) return;
  VersionCounts counts = read_row<VersionCounts>(txn, Table::versions, RowKey{release}).value_or(VersionCounts{});
  const auto place = [&](Possessed possessed) -> std::uint64_t* {
    if (possessed == Possessed::nothing) return nullptr;
    return possessed == Possessed::complete ? &counts.complete : &counts.partly;
  };
  if (std::uint64_t* less = place(before); less != nullptr && *less > 0) --*less;
  if (std::uint64_t* more = place(after); more != nullptr) ++*more;
  write_row(txn, Table::versions, RowKey{release}, counts);
}

}  // namespace

void write_fetch(WriteTxn& txn, const Recorded& recorded) {
  StoredWriter out;
  encode_fetch(recorded.key, recorded.fetch, out);
  txn.put(Table::fetches, recorded.key.bytes(), out.view());
}

std::optional<Recorded> FetchChain::next() {
  if (!next_) return std::nullopt;
  const auto stored = txn_.get(Table::fetches, next_->bytes());
  auto fetch = stored ? decode_fetch(*next_, *stored) : std::nullopt;
  if (!fetch) return std::nullopt;
  Recorded recorded{*next_, std::move(*fetch)};
  next_ = recorded.fetch.before;
  return recorded;
}

void sort_as_recorded(Fetches& fetches) {
  std::sort(fetches.begin(), fetches.end(),
            [](const Recorded& a, const Recorded& b) { return a.key.sequence < b.key.sequence; });
}

Possession possession_of(const Txn& txn, std::uint32_t device, std::uint32_t release, const Fetches& fetches) {
  const bool makes_row = Release::from(text_of(txn, TextKind::release, release)).makes_row();
  const std::uint64_t raw_since_us = txn.number(kMetaRawSince) * kHourUs;
  const auto known = read_row<Holding>(txn, Table::holdings, RowKey{release, device});
  Possession possession;
  if (known && known->seen_first_us < raw_since_us) {
    possession.holding.seen_first_us = known->seen_first_us;
    possession.holding.seen_last_us = known->seen_first_us;
    if (known->fetched() && known->fetched_first_us < raw_since_us) {
      possession.holding.fetched_first_us = possession.holding.fetched_last_us = known->fetched_first_us;
    }
    if (known->completed_us && *known->completed_us < raw_since_us) {
      possession.holding.completed_us = known->completed_us;
      possession.holding.held_bytes = known->held_bytes;
      possession.holding.object_bytes = known->object_bytes;
    }
  }
  for (const Recorded& recorded : fetches) {
    if (recorded.fetch.release == release) possession.add(recorded.key, recorded.fetch, makes_row);
  }
  return possession;
}

std::vector<std::string> erase_prefix(WriteTxn& txn, Table table, std::string_view prefix) {
  std::vector<std::string> keys;
  {
    Cursor cursor = txn.cursor(table);
    for (bool at = cursor.seek(prefix); at && cursor.key().starts_with(prefix); at = cursor.next()) {
      keys.emplace_back(cursor.key());
    }
  }
  for (const std::string& key : keys) txn.erase(table, key);
  return keys;
}

Tally add_up_device(WriteTxn& txn, std::uint32_t device) {
  std::map<RowKey, Tally> totals;
  Tally all;
  const RowKey prefix{device};
  {
    Cursor cursor = txn.cursor(Table::device_hours);
    for (bool at = cursor.seek(prefix.view()); at && cursor.key().starts_with(prefix.view()); at = cursor.next()) {
      Tally tally;
      if (!decode_row(cursor.value(), base_of(Table::device_hours, cursor.key()), tally)) continue;
      totals[{{device, word_at(cursor.key(), 2)}, entrance_of(cursor.key())}].add(tally);
      all.add(tally);
    }
  }
  erase_prefix(txn, Table::device_totals, prefix.view());
  for (const auto& [key, tally] : totals) write_row(txn, Table::device_totals, key, tally);
  return all;
}

void replace_holding(WriteTxn& txn, std::uint32_t release, std::uint32_t device, const Possession& after) {
  const RowKey key{release, device};
  const Holding before = read_row<Holding>(txn, Table::holdings, key).value_or(Holding{});
  if (Release::from(text_of(txn, TextKind::release, release)).makes_row()) {
    count(txn, release, possessed(before), possessed(after.holding));
  }
  erase_prefix(txn, Table::coverage, RowKey{device, release}.view());
  if (!is_seen(after.holding)) {
    txn.erase(Table::holdings, key.view());
    return;
  }
  write_row(txn, Table::holdings, key, after.holding);
  if (possessed(after.holding) == Possessed::complete) return;
  for (const auto& [url, coverage] : after.coverage) {
    write_row(txn, Table::coverage, RowKey{device, release, url}, coverage);
  }
}

}  // namespace larder::reports
