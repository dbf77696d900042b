// SPDX-License-Identifier: MIT
#include "reports/bindings.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "reports/stored_bytes.h"

namespace larder::reports {
namespace {

constexpr std::uint8_t kFormat = 2;
// Addresses known at a time; 150 bytes each.
constexpr std::size_t kMost = 65536;
// A lease is written down again when so much of it has passed.
constexpr std::uint64_t kRenewals = 16;
// Who is silent for so much of a lease while another names itself from its address has left it.
constexpr std::uint64_t kSilences = 8;

std::string_view bytes_of(const config::Address& address) {
  return {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()};
}

std::optional<Binding> decode(std::string_view bytes) {
  StoredReader in(bytes);
  const bool known = in.u8() == kFormat;
  Binding binding;
  binding.device = in.u32();
  binding.since_us = in.u64();
  binding.until_us = in.u64();
  binding.before = in.u32();
  binding.before_until_us = in.u64();
  binding.shared_until_us = in.u64();
  if (in.u8() == 1) {
    const std::string_view mac = in.raw(6);
    std::copy(mac.begin(), mac.end(), binding.mac.emplace().begin());
  }
  if (!known || !in.done() || binding.device == 0) return std::nullopt;
  return binding;
}

}  // namespace

void erase_bindings(WriteTxn& txn, std::uint32_t device) {
  std::vector<std::string> keys;
  {
    Cursor cursor = txn.cursor(Table::bindings);
    for (bool at = cursor.first(); at; at = cursor.next()) {
      const auto binding = decode(cursor.value());
      if (binding && (binding->device == device || binding->before == device)) keys.emplace_back(cursor.key());
    }
  }
  for (const std::string& key : keys) txn.erase(Table::bindings, key);
}

void Bindings::begin(const Txn& txn) {
  if (read_ || lease_us_ == 0) return;
  read_ = true;
  Cursor cursor = txn.cursor(Table::bindings);
  for (bool at = cursor.first(); at && known_.size() < kMost; at = cursor.next()) {
    config::Address address;
    if (cursor.key().size() != address.bytes.size()) continue;
    std::copy(cursor.key().begin(), cursor.key().end(), address.bytes.begin());
    if (const auto binding = decode(cursor.value())) known_.emplace(address, *binding);
  }
  // Who names itself elsewhere has left a place, so nobody has more than one of a family that is still good.
  std::map<std::pair<std::uint32_t, bool>, std::uint64_t> latest;
  const auto place = [&](std::uint32_t device, std::uint64_t until_us, const config::Address& address) {
    std::uint64_t& last = latest[{device, address.is_v4()}];
    if (device == 0 || until_us < last) return;
    last = until_us;
    settle_at(device, address);
  };
  for (const auto& [address, binding] : known_) {
    place(binding.device, binding.until_us, address);
    place(binding.before, binding.before_until_us, address);
  }
}

void Bindings::named(const config::Address& address, std::uint32_t device, std::uint64_t time_us,
                     const std::optional<Mac>& mac) {
  if (lease_us_ == 0 || device == 0) return;
  leave(device, address, time_us);
  settle_at(device, address);
  if (known_.size() >= kMost && !known_.contains(address)) make_room(time_us);
  Binding& binding = known_[address];
  if (binding.device == device) {
    if (mac) binding.mac = mac;
    renew(address, binding, time_us);
  } else if (binding.before == device && time_us < binding.until_us) {
    take_turn(binding, device, time_us + lease_us_);
    changed_.insert(address);
  } else {
    replace(address, binding, device, time_us, mac);
  }
}

// Both stand behind the address.
void Bindings::take_turn(Binding& binding, std::uint32_t device, std::uint64_t until_us) {
  binding.before = binding.device;
  binding.before_until_us = binding.until_us;
  binding.device = device;
  binding.until_us = binding.shared_until_us = until_us;
}

void Bindings::renew(const config::Address& address, Binding& binding, std::uint64_t time_us) {
  const bool silent = time_us >= binding.since_us + lease_us_ / kSilences;
  if (silent && binding.contested(time_us) && !binding.shared(time_us)) hand_over(address, binding, time_us);
  const std::uint64_t until_us = time_us + lease_us_;
  if (until_us < binding.until_us + lease_us_ / kRenewals) return;
  if (time_us >= binding.until_us) {
    claims_.push_back({address, binding.device, std::max(binding.until_us, time_us - std::min(time_us, lease_us_)),
                       time_us, binding.mac});
    binding.since_us = time_us;
  }
  binding.until_us = until_us;
  changed_.insert(address);
}

void Bindings::replace(const config::Address& address, Binding& binding, std::uint32_t device, std::uint64_t time_us,
                       const std::optional<Mac>& mac) {
  const std::uint64_t earliest = time_us - std::min(time_us, lease_us_);
  const Binding old = binding;
  binding = {};
  binding.device = device;
  binding.since_us = time_us;
  binding.until_us = time_us + lease_us_;
  binding.mac = mac;
  changed_.insert(address);
  if (time_us >= old.until_us) {
    claims_.push_back({address, device, std::max(earliest, old.until_us), time_us, mac});
    return;
  }
  binding.before = old.device;
  binding.before_until_us = old.until_us;
  if (old.shared(time_us)) {  // by three now
    binding.shared_until_us = binding.until_us;
  } else if (old.mac && mac && *old.mac != *mac) {
    hand_over(address, binding, time_us);
  }
}

void Bindings::hand_over(const config::Address& address, Binding& binding, std::uint64_t time_us) {
  binding.before = 0;
  binding.before_until_us = 0;
  changed_.insert(address);
  claims_.push_back({address, binding.device, binding.since_us, time_us, binding.mac});
}

// The device names itself from `address`: it is no longer where it named itself before.
void Bindings::leave(std::uint32_t device, const config::Address& address, std::uint64_t time_us) {
  const auto place = places_.find({device, address.is_v4()});
  if (place == places_.end() || place->second == address) return;
  const auto found = known_.find(place->second);
  if (found == known_.end()) return;
  Binding& binding = found->second;
  if (binding.before == device) {
    if (binding.shared(time_us)) {
      binding.shared_until_us = time_us;
      binding.since_us = time_us;
    }
    if (binding.contested(time_us)) hand_over(found->first, binding, time_us);
  } else if (binding.device == device && binding.shared(time_us)) {
    const std::uint64_t until_us = binding.before_until_us;
    binding.device = std::exchange(binding.before, 0);
    binding.since_us = time_us;
    binding.until_us = until_us;
    binding.before_until_us = binding.shared_until_us = 0;
  } else if (binding.device == device && binding.contested(time_us)) {
    binding.device = std::exchange(binding.before, 0);  // it was there for a moment only
    binding.until_us = std::exchange(binding.before_until_us, 0);
  } else if (binding.device == device) {
    binding.until_us = std::min(binding.until_us, time_us);
  }
  changed_.insert(found->first);
}

void Bindings::settle_at(std::uint32_t device, const config::Address& address) {
  if (places_.size() >= 2 * kMost) {
    std::erase_if(places_, [this](const auto& place) {
      const auto found = known_.find(place.second);
      const std::uint32_t who = place.first.first;
      return found == known_.end() || (found->second.device != who && found->second.before != who);
    });
  }
  places_.insert_or_assign({device, address.is_v4()}, address);
}

std::optional<std::uint32_t> Bindings::device_at(const config::Address& address, std::uint64_t time_us) const {
  const auto found = known_.find(address);
  if (found == known_.end()) return std::nullopt;
  const Binding& binding = found->second;
  if (time_us >= binding.until_us || binding.shared(time_us) || binding.contested(time_us)) return std::nullopt;
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
    out.u64(binding.since_us);
    out.u64(binding.until_us);
    out.u32(binding.before);
    out.u64(binding.before_until_us);
    out.u64(binding.shared_until_us);
    out.u8(binding.mac ? 1 : 0);
    if (binding.mac) out.raw({reinterpret_cast<const char*>(binding.mac->data()), binding.mac->size()});
    txn.put(Table::bindings, bytes_of(address), out.view());
  }
  gone_.clear();
  changed_.clear();
}

void Bindings::forget() {
  read_ = false;
  known_.clear();
  places_.clear();
  claims_.clear();
  changed_.clear();
  gone_.clear();
}

}  // namespace larder::reports
