// SPDX-License-Identifier: MIT
#include "reports/erasure.h"

#include "reports/bindings.h"
#include "reports/device_rows.h"
#include "reports/identity.h"
#include "reports/reattribution.h"

namespace larder::reports {
namespace {

const InventoryDevice* inventory_device(const Txn& txn, const Inventory& inventory, const std::string& id) {
  if (const auto serial = as_serial(id)) {
    if (const InventoryDevice* device = inventory.find(*serial)) return device;
  }
  const auto number = id.size() > kMostIdBytes ? std::nullopt : txn.get(Table::device_ids, id);
  if (!number) return nullptr;
  const auto state = read_row<DeviceState>(txn, Table::devices, RowKey{word_at(*number, 0)});
  return state ? inventory.of(state->id, state->mac) : nullptr;
}

}  // namespace

Result<Traces> find_traces(const Txn& txn, const Inventory& inventory, const std::string& id) {
  if (id.empty()) return fail(ErrorKind::invalid, "no device is named");
  const InventoryDevice* known = inventory_device(txn, inventory, id);
  Traces traces;
  if (known != nullptr) traces.serial = known->serial;
  {
    Cursor cursor = txn.cursor(Table::devices);
    for (bool at = cursor.first(); at; at = cursor.next()) {
      DeviceState state;
      if (!decode_row(cursor.value(), 0, state)) continue;
      const bool same = state.id == id || (known != nullptr && inventory.of(state.id, state.mac) == known);
      if (!same) continue;
      traces.devices.emplace_back(word_at(cursor.key(), 0), state.id);
      traces.requests += state.requests;
    }
  }
  if (auto status = txn.status(); !status) return std::move(status).error();
  if (traces.serial.empty() && traces.devices.empty()) {
    return fail(ErrorKind::not_found, "nothing is on record of a device \"" + clean_name(id) + "\"");
  }
  return traces;
}

void erase_traces(WriteTxn& txn, const Traces& traces) {
  for (const auto& [number, id] : traces.devices) {
    erase_device(txn, number);
    erase_bindings(txn, number);
  }
  if (!traces.serial.empty()) erase_from_inventory(txn, traces.serial);
}

}  // namespace larder::reports
