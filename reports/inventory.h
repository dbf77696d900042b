// SPDX-License-Identifier: MIT
// Inventory: what the administrator says of the site's devices, whether or not they have ever asked for anything. Kept
// in the ledger's environment, table `inventory`:
//   key    the serial number in capitals
//   value  u8 1; texts name, model, owner, group; varint number of hardware addresses, 6 bytes each
// An inventory is added to and corrected, never emptied by a list: what that does not say stays. One device goes when
// it is erased on request (erasure.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/environment.h"
#include "reports/neighbours.h"

namespace larder::reports {

inline constexpr std::size_t kSerialBytes = 64;
inline constexpr std::size_t kMacsOfDevice = 16;
inline constexpr std::size_t kInventoryDevices = 100'000;  // more in one list are refused

// Texts are printable UTF-8, at most kNameBytes (identity.h); "" unknown.
struct InventoryDevice {
  std::string serial;  // in capitals
  std::string name, model, owner, group;
  std::vector<Mac> macs;
  bool operator==(const InventoryDevice&) const = default;
};

// One device as a list has it, and where: lines count from 1.
struct InventoryLine {
  std::size_t line = 0;
  InventoryDevice device;
};

struct InventoryChange {
  std::string serial;
  std::string field;   // "name", "model", "owner", "group", "mac"; "serial" for a device that is new
  std::string before;  // "" it was not known
  std::string after;
};

struct InventoryProblem {
  std::size_t line = 0;
  std::string what;  // a sentence
};

// What an import has done, or would do.
struct InventoryImport {
  std::uint64_t devices_new = 0, devices_changed = 0, devices_unchanged = 0;
  std::vector<InventoryChange> changes;
  std::vector<InventoryProblem> problems;  // what of the list was left out, and why
};

// "c02xy" and " C02XY " are the same device. Nothing: not a serial number (empty, too long, white space or control
// characters inside).
std::optional<std::string> as_serial(std::string_view text);
// "aa:bb:cc:dd:ee:ff", also with dashes or dots or without, in any letter case. Nothing: anything else, and addresses
// that are nobody's (all zero, multicast).
std::optional<Mac> parse_mac(std::string_view text);

class Inventory {
 public:
  static Inventory read(const Txn& txn);

  // Takes over what the lines say. A hardware address that another device has already stays there. The devices that
  // are other than before are in `changed`.
  InventoryImport merge(const std::vector<InventoryLine>& lines, std::vector<std::string>& changed);

  // The device that an id of the ledger is: a token that is a serial number, or its hardware address. Null: none.
  const InventoryDevice* of(std::string_view device_id, const std::optional<Mac>& mac) const;
  const InventoryDevice* find(std::string_view serial) const;
  const std::map<std::string, InventoryDevice, std::less<>>& devices() const { return devices_; }

 private:
  void add_macs(InventoryDevice& known, const InventoryLine& line, InventoryImport& import);

  std::map<std::string, InventoryDevice, std::less<>> devices_;  // by serial
  std::map<Mac, std::string> by_mac_;
};

// Writes the named devices, and that the inventory is another than before.
void write_inventory(WriteTxn& txn, const Inventory& inventory, const std::vector<std::string>& serials);

// One that is there.
void erase_from_inventory(WriteTxn& txn, const std::string& serial);

// The inventory as reports read it, kept until it changes. Threads: any.
class InventoryShelf {
 public:
  std::shared_ptr<const Inventory> as_of(const Txn& txn);
  void forget();  // when the environment is another

 private:
  std::mutex mutex_;
  std::uint64_t revision_ = 0;
  std::shared_ptr<const Inventory> known_;
};

}  // namespace larder::reports
