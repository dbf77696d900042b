// SPDX-License-Identifier: MIT
#include "reports/retention.h"

#include <algorithm>
#include <string>
#include <vector>

#include "reports/bindings.h"
#include "reports/reattribution.h"
#include "reports/rollup_format.h"

namespace larder::reports {

std::size_t drop_old_fetches(WriteTxn& txn, WallTime now, std::chrono::seconds retention) {
  const auto horizon = std::chrono::floor<std::chrono::hours>(now - retention).time_since_epoch().count();
  if (retention.count() == 0 || horizon <= 0) return 0;
  const auto hour = static_cast<std::uint64_t>(horizon);
  std::vector<std::string> old;
  {
    Cursor cursor = txn.cursor(Table::fetches);
    const std::string end = FetchKey{hour * kHourUs, 0}.bytes();
    for (bool at = cursor.first(); at && cursor.key() < end && old.size() < kRetentionStep; at = cursor.next()) {
      old.emplace_back(cursor.key());
    }
  }
  if (old.empty()) return 0;
  // Said before the hour's first fetch goes: no report may take a half-emptied hour for the whole.
  txn.set_number(kMetaRawSince, std::max(hour, txn.number(kMetaRawSince)));
  for (const std::string& key : old) txn.erase(Table::fetches, key);
  return old.size();
}

std::size_t erase_unseen(WriteTxn& txn, WallTime now, std::chrono::seconds retention) {
  const auto horizon = (now - retention).time_since_epoch().count();
  if (retention.count() == 0 || horizon <= 0) return 0;
  std::vector<std::uint32_t> unseen;
  {
    Cursor cursor = txn.cursor(Table::devices);
    for (bool at = cursor.first(); at && unseen.size() < kForgottenStep; at = cursor.next()) {
      DeviceState state;
      const bool known = decode_row(cursor.value(), 0, state);
      if (known && state.last_us < static_cast<std::uint64_t>(horizon)) unseen.push_back(word_at(cursor.key(), 0));
    }
  }
  for (const std::uint32_t device : unseen) {
    erase_device(txn, device);
    erase_bindings(txn, device);
  }
  return unseen.size();
}

}  // namespace larder::reports
