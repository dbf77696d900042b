// SPDX-License-Identifier: MIT
// Newest: of each product the newest release that a device has whole, so that nobody need pass over all it has.
//   newest  device -> release ids, ascending, one of each product (rollup_format.h)
// Of two releases whose versions compare as equal, the one that was on record first counts.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "reports/dictionary.h"
#include "reports/environment.h"
#include "reports/rollup_format.h"

namespace larder::reports {

// Adds releases to what devices have as their newest. Remembers what releases are called: their names never change.
// Threads: one at a time.
class NewestKeeper {
 public:
  // `release` makes a row (Release::makes_row).
  void add(const Txn& txn, NewestReleases& newest, std::uint32_t release);
  void forget() { releases_.clear(); }  // when names were not committed

 private:
  const Release& release_of(const Txn& txn, std::uint32_t id);

  std::unordered_map<std::uint32_t, Release> releases_;
};

// Makes the row of a device anew from `device_totals` and `holdings`. Threads: `ledger` only.
void renew_newest(WriteTxn& txn, std::uint32_t device);

// Makes all rows anew from `holdings`. Threads: `ledger` only.
void renew_newest(WriteTxn& txn);

}  // namespace larder::reports
