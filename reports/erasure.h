// SPDX-License-Identifier: MIT
// Erasure: one device is forgotten on request, by all the names it has: its ids in the ledger, what the inventory says
// of it, and what addresses are taken for it. Its fetches stay in the sums that name no device, and in the raw record
// as nobody's. What it asks for afterwards is recorded anew.
// Not reached: bytes of the environment's file and of the journal that are free but not yet written over, and backups.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "reports/environment.h"
#include "reports/inventory.h"

namespace larder::reports {

// What is on record of one device.
struct Traces {
  std::string serial;                                          // of the inventory; "" it is not there
  std::vector<std::pair<std::uint32_t, std::string>> devices;  // numbers and ids in the ledger
  std::uint64_t requests = 0;                                  // of all of them, ever
};

// By an id of the ledger or a serial number. not_found: nothing is on record of it.
Result<Traces> find_traces(const Txn& txn, const Inventory& inventory, const std::string& id);

// Threads: `ledger` only. Whoever remembers rows must forget them afterwards.
void erase_traces(WriteTxn& txn, const Traces& traces);

}  // namespace larder::reports
