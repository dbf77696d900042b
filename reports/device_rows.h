// SPDX-License-Identifier: MIT
// Single rows of the ledger's tables, and all those of one device, for the rare work that changes what is already on
// record (reattribution.h). The books keep theirs in a RowCache.
// Threads: `ledger` only.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/environment.h"
#include "reports/possession.h"
#include "reports/rollup_format.h"

namespace larder::reports {

template <class Row>
std::optional<Row> read_row(const Txn& txn, Table table, const RowKey& key) {
  Row row;
  const auto stored = txn.get(table, key.view());
  if (!stored || !decode_row(*stored, base_of(table, key.view()), row)) return std::nullopt;
  return row;
}

template <class Row>
void write_row(WriteTxn& txn, Table table, const RowKey& key, const Row& row) {
  StoredWriter out;
  encode_row(row, base_of(table, key.view()), out);
  txn.put(table, key.view(), out.view());
}

struct Recorded {
  FetchKey key;
  StoredFetch fetch;
};
void write_fetch(WriteTxn& txn, const Recorded& recorded);

// A device's raw fetches, the one recorded last first, until retention has dropped the next.
class FetchChain {
 public:
  FetchChain(const Txn& txn, const DeviceState& device) : txn_(txn), next_(device.last_fetch) {}
  std::optional<Recorded> next();
  const std::optional<FetchKey>& rest() const { return next_; }

 private:
  const Txn& txn_;
  std::optional<FetchKey> next_;
};

using Fetches = std::vector<Recorded>;
void sort_as_recorded(Fetches& fetches);

// What the device has of a release by its raw fetches, in the order of recording, and by what is known of those that
// retention has dropped.
Possession possession_of(const Txn& txn, std::uint32_t device, std::uint32_t release, const Fetches& fetches);

// Erases every row whose key begins so; the keys it had.
std::vector<std::string> erase_prefix(WriteTxn& txn, Table table, std::string_view prefix);

// Makes `device_totals` of a device what its `device_hours` add up to; all of it.
Tally add_up_device(WriteTxn& txn, std::uint32_t device);

// Replaces what a device has of a release (`after.holding` never seen: nothing), and counts it in `versions`.
void replace_holding(WriteTxn& txn, std::uint32_t release, std::uint32_t device, const Possession& after);

}  // namespace larder::reports
