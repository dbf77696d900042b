// SPDX-License-Identifier: MIT
#include "reports/bindings.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "reports/stored_bytes.h"

namespace larder::reports {
namespace {

constexpr std::uint8_t kFormat = 1;
// Addresses known at a time; 100 bytes each.
constexpr std::size_t kMost = 65536;
// A lease is written down again when so much of it has passed.
constexpr std::uint64_t kRenewals = 16;

std::string_view bytes_of(const config::Address& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

}  // namespace

void Bindings::begin(const Txn& txn) {
  if (read_ || lease_us_ == 0) return;
  read_ = true;
  Cursor cursor = txn.cursor(Table::bindings);
  for (bool at = cursor.first(); at && known_.size() < kMost; at = cursor.next()) {
    config::Address address;
    if (cursor.key().size() != address.bytes.size()) continue;
    std::copy(cursor.key().begin(), cursor.key().end(), address.bytes.begin());
    StoredReader in(cursor.value());
    const bool known = in.u8() == kFormat;
    Binding binding;
    binding.device = in.u32();
    binding.until_us = in.u64();
    binding.before = in.u32();
    binding.shared_until_us = in.u64();
    if (known && in.done() && binding.device != 0) known_.emplace(address, binding);
  }
}

void Bindings::named(const config::Address& address, std::uint32_t device, std::uint64_t time_us) {
  if (lease_us_ == 0 || device == 0) return;
  if (known_.size() >= kMost && !known_.contains(address)) make_room(time_us);
  Binding& binding = known_[address];
  const std::uint64_t until = time_us + lease_us_;
  if (binding.device == device) {
    if (until < binding.until_us + lease_us_ / kRenewals) return;
    binding.until_us = until;
  } else {
    const bool in_turn = binding.before == device && time_us < binding.until_us;
    binding.before = time_us < binding.until_us ? binding.device : 0;
    binding.device = device;
    binding.until_us = std::max(binding.until_us, until);
    if (in_turn) binding.shared_until_us = until;
  }
  changed_.insert(address);
}

std::optional<std::uint32_t> Bindings::device_at(const config::Address& address, std::uint64_t time_us) const {
  const auto found = known_.find(address);
  if (found == known_.end()) return std::nullopt;
  const Binding& binding = found->second;
  if (time_us >= binding.until_us || time_us < binding.shared_until_us) return std::nullopt;
  return binding.device;
}

void Bindings::make_room(std::uint64_t time_us) {
  const auto forget = [this](const auto& unwanted) {
    for (auto at = known_.begin(); at != known_.end();) {
      if (!unwanted(at->second)) {
        ++at;
        continue;
      }
      gone_.insert(at->first);
      changed_.erase(at->first);
      at = known_.erase(at);
    }
  };
  forget([time_us](const Binding& binding) { return binding.until_us <= time_us; });
  if (known_.size() >= kMost) forget([](const Binding&) { return true; });
}

void Bindings::write(WriteTxn& txn) {
  for (const config::Address& address : gone_) txn.erase(Table::bindings, bytes_of(address));
  for (const config::Address& address : changed_) {
    const Binding& binding = known_.at(address);
    StoredWriter out;
    out.u8(kFormat);
    out.u32(binding.device);
    out.u64(binding.until_us);
    out.u32(binding.before);
    out.u64(binding.shared_until_us);
    txn.put(Table::bindings, bytes_of(address), out.view());
  }
  gone_.clear();
  changed_.clear();
}

void Bindings::forget() {
  read_ = false;
  known_.clear();
  changed_.clear();
  gone_.clear();
}

}  // namespace larder::reports
