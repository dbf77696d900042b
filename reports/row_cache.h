// SPDX-License-Identifier: MIT
// Rows of one table that the writer is changing: each is read at most once and written once for each commit, however
// many fetches change it. Rows stay for the next commit while they are few.
// Threads: `ledger` only.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include "reports/environment.h"
#include "reports/rollup_format.h"

namespace larder::reports {

struct RowKeyHash {
  std::size_t operator()(const RowKey& key) const { return key.hash(); }
};

template <class Row>
class RowCache {
 public:
  explicit RowCache(Table table) : table_(table) {}

  // The row, to be changed; a new one when there is none or its bytes are damaged. Valid until write().
  Row& change(const Txn& txn, const RowKey& key) {
    // Fetches come in runs that add to the same rows.
    if (last_ != nullptr && last_->first == key && last_->second.changed) return last_->second.row;
    auto [at, added] = rows_.try_emplace(key);
    Slot& slot = at->second;
    last_ = &*at;
    if (added) {
      if (const auto stored = txn.get(table_, key.view())) decode_row(*stored, base_of(table_, key.view()), slot.row);
    }
    if (!slot.changed) {
      slot.changed = true;
      changed_.push_back(&*at);
    }
    return slot.row;
  }

  // Writes what changed, in the table's order.
  void write(WriteTxn& txn) {
    std::sort(changed_.begin(), changed_.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    StoredWriter out;
    for (auto* entry : changed_) {
      out.clear();
      encode_row(entry->second.row, base_of(table_, entry->first.view()), out);
      txn.put(table_, entry->first.view(), out.view());
      entry->second.changed = false;
    }
    changed_.clear();
    last_ = nullptr;
    if (rows_.size() > kKept) rows_.clear();
  }

  void forget() {
    changed_.clear();
    last_ = nullptr;
    rows_.clear();
  }

 private:
  // Rows kept from one commit to the next: some 2 MiB for each table.
  static constexpr std::size_t kKept = 16384;
  struct Slot {
    Row row;
    bool changed = false;
  };

  Table table_;
  std::unordered_map<RowKey, Slot, RowKeyHash> rows_;
  std::vector<std::pair<const RowKey, Slot>*> changed_;
  std::pair<const RowKey, Slot>* last_ = nullptr;  // what change() gave last
};

}  // namespace larder::reports
