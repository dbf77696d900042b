// SPDX-License-Identifier: MIT
#include "reports/inventory.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "reports/stored_bytes.h"

namespace larder::reports {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kMacPrefix = "mac:";

char to_upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}

unsigned digit_value(char digit) {
  const char lower = to_lower(digit);
  return static_cast<unsigned>(is_digit(lower) ? lower - '0' : lower - 'a' + 10);
}

std::string encode(const InventoryDevice& device) {
  StoredWriter out;
  out.u8(kFormat);
  for (const std::string* text : {&device.name, &device.model, &device.owner, &device.group}) out.text(*text);
  out.varint(device.macs.size());
  for (const Mac& mac : device.macs) out.raw({reinterpret_cast<const char*>(mac.data()), mac.size()});
  return out.take();
}

std::optional<InventoryDevice> decode(std::string_view key, std::string_view value) {
  StoredReader in(value);
  if (in.u8() != kFormat) return std::nullopt;
  InventoryDevice device;
  device.serial = key;
  for (std::string* text : {&device.name, &device.model, &device.owner, &device.group}) *text = in.text();
  const std::uint64_t count = in.varint();
  if (count > kMacsOfDevice) return std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    Mac mac{};
    const std::string_view raw = in.raw(mac.size());
    if (!in.ok()) return std::nullopt;
    std::copy(raw.begin(), raw.end(), mac.begin());
    device.macs.push_back(mac);
  }
  if (!in.done()) return std::nullopt;
  return device;
}

}  // namespace

std::optional<std::string> as_serial(std::string_view text) {
  text = trim(text);
  if (text.empty() || text.size() > kSerialBytes || !is_printable_utf8(text)) return std::nullopt;
  if (text.find(' ') != std::string_view::npos) return std::nullopt;
  std::string serial(text);
  std::transform(serial.begin(), serial.end(), serial.begin(), to_upper);
  return serial;
}

std::optional<Mac> parse_mac(std::string_view text) {
  std::string digits;
  for (const char c : trim(text)) {
    if (is_hex_digit(c)) {
      digits += c;
    } else if (c != ':' && c != '-' && c != '.') {
      return std::nullopt;
    }
  }
  Mac mac{};
  if (digits.size() != 2 * mac.size()) return std::nullopt;
  for (std::size_t i = 0; i < mac.size(); ++i) {
    mac.at(i) = static_cast<std::uint8_t>(digit_value(digits[2 * i]) << 4U | digit_value(digits[2 * i + 1]));
  }
  if (mac == Mac{} || (mac[0] & 1U) != 0) return std::nullopt;
  return mac;
}

Inventory Inventory::read(const Txn& txn) {
  Inventory inventory;
  Cursor cursor = txn.cursor(Table::inventory);
  for (bool at = cursor.first(); at; at = cursor.next()) {
    auto device = decode(cursor.key(), cursor.value());
    if (!device) continue;
    for (const Mac& mac : device->macs) inventory.by_mac_.emplace(mac, device->serial);
    std::string serial = device->serial;
    inventory.devices_.emplace(std::move(serial), std::move(*device));
  }
  return inventory;
}

InventoryImport Inventory::merge(const std::vector<InventoryLine>& lines, std::vector<std::string>& changed) {
  InventoryImport import;
  for (const InventoryLine& line : lines) {
    auto [at, is_new] = devices_.try_emplace(line.device.serial);
    InventoryDevice& known = at->second;
    const std::size_t changes = import.changes.size();
    if (is_new) {
      known.serial = line.device.serial;
      import.changes.push_back({known.serial, "serial", "", known.serial});
    }
    const std::array fields{std::pair("name", &InventoryDevice::name), std::pair("model", &InventoryDevice::model),
                            std::pair("owner", &InventoryDevice::owner), std::pair("group", &InventoryDevice::group)};
    for (const auto& [name, field] : fields) {
      const std::string& said = line.device.*field;
      if (said.empty() || said == known.*field) continue;
      import.changes.push_back({known.serial, name, std::exchange(known.*field, said), said});
    }
    add_macs(known, line, import);
    const bool unchanged = import.changes.size() == changes;
    ++(is_new ? import.devices_new : unchanged ? import.devices_unchanged : import.devices_changed);
    if (!unchanged) changed.push_back(known.serial);
  }
  return import;
}

void Inventory::add_macs(InventoryDevice& known, const InventoryLine& line, InventoryImport& import) {
  for (const Mac& mac : line.device.macs) {
    const auto owner = by_mac_.find(mac);
    if (owner != by_mac_.end() && owner->second == known.serial) continue;
    if (owner != by_mac_.end()) {
      import.problems.push_back({line.line, "the hardware address " + mac_text(mac) + " belongs to " + owner->second +
                                                " and stays there; " + known.serial + " is taken without it"});
    } else if (known.macs.size() >= kMacsOfDevice) {
      import.problems.push_back({line.line, known.serial + " has " + std::to_string(kMacsOfDevice) +
                                                " hardware addresses already; " + mac_text(mac) + " is left out"});
    } else {
      known.macs.push_back(mac);
      by_mac_.emplace(mac, known.serial);
      import.changes.push_back({known.serial, "mac", "", mac_text(mac)});
    }
  }
}

const InventoryDevice* Inventory::of(std::string_view device_id, const std::optional<Mac>& mac) const {
  if (const auto serial = as_serial(device_id)) {
    if (const InventoryDevice* device = find(*serial)) return device;
  }
  // A token that is no serial number names its device all the same: another one may stand behind the same address.
  std::optional<Mac> address = device_id.starts_with(kMacPrefix) ? parse_mac(device_id.substr(kMacPrefix.size())) : mac;
  if (!device_id.starts_with(kMacPrefix) && !config::Address::parse(device_id)) address.reset();
  const auto owner = address ? by_mac_.find(*address) : by_mac_.end();
  return owner == by_mac_.end() ? nullptr : find(owner->second);
}

const InventoryDevice* Inventory::find(std::string_view serial) const {
  const auto found = devices_.find(serial);
  return found == devices_.end() ? nullptr : &found->second;
}

void write_inventory(WriteTxn& txn, const Inventory& inventory, const std::vector<std::string>& serials) {
  for (const std::string& serial : serials) {
    if (const InventoryDevice* device = inventory.find(serial)) txn.put(Table::inventory, serial, encode(*device));
  }
  txn.set_number(kMetaInventory, txn.number(kMetaInventory) + 1);
}

void erase_from_inventory(WriteTxn& txn, const std::string& serial) {
  txn.erase(Table::inventory, serial);
  txn.set_number(kMetaInventory, txn.number(kMetaInventory) + 1);
}

std::shared_ptr<const Inventory> InventoryShelf::as_of(const Txn& txn) {
  const std::uint64_t revision = txn.number(kMetaInventory);
  const std::lock_guard lock(mutex_);
  if (!known_ || revision_ != revision) {
    known_ = std::make_shared<const Inventory>(Inventory::read(txn));
    revision_ = revision;
  }
  return known_;
}

void InventoryShelf::forget() {
  const std::lock_guard lock(mutex_);
  known_.reset();
}

}  // namespace larder::reports
