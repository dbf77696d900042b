// SPDX-License-Identifier: MIT
#include "reports/named_addresses.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace larder::reports {
namespace {

// Addresses known at a time; 250 bytes each.
constexpr std::size_t kMost = 65536;
// Claims kept while they cannot be written. Over it the newest are none: their fetches stay the address's.
constexpr std::size_t kMostClaims = 65536;

std::uint64_t microseconds(std::chrono::seconds span) {
  return static_cast<std::uint64_t>(span.count()) * 1'000'000;
}

}  // namespace

void NamedAddresses::learn(const config::Address& address, DeviceName name, std::chrono::seconds life,
                           std::uint64_t now_us) {
  if (known_.size() >= kMost && !known_.contains(address)) make_room(now_us);
  const auto [at, added] = known_.try_emplace(address);
  Known& known = at->second;
  const std::uint64_t until_us = now_us + microseconds(life);
  const bool stays = !added && known.name == name;
  const std::uint64_t known_until_us = std::min(known.until_us, now_us);
  const std::uint64_t from_us = std::max(known_until_us, now_us - std::min(now_us, lease_us_));
  if (!name.id.empty() && from_us < now_us && claims_.size() < kMostClaims)
    claims_.push_back({address, name, from_us, now_us});
  if (!stays) known.from_us = name.id.empty() ? now_us : from_us;
  known.name = std::move(name);
  known.until_us = std::max(until_us, stays ? known.until_us : 0);
}

const DeviceName* NamedAddresses::at(const config::Address& address, std::uint64_t time_us) const {
  const auto found = known_.find(address);
  if (found == known_.end()) return nullptr;
  const Known& known = found->second;
  const bool had = !known.name.id.empty() && time_us >= known.from_us && time_us < known.until_us;
  return had ? &known.name : nullptr;
}

std::string_view NamedAddresses::last_id(const config::Address& address) const {
  const auto found = known_.find(address);
  return found == known_.end() ? std::string_view() : found->second.name.id;
}

std::vector<NameClaim> NamedAddresses::claims() {
  tried_ = std::exchange(claims_, {});
  return tried_;
}

void NamedAddresses::retry() {
  std::move(tried_.begin(), tried_.end(), std::back_inserter(claims_));
  tried_.clear();
}

void NamedAddresses::clear() {
  known_.clear();
  claims_.clear();
  tried_.clear();
}

void NamedAddresses::make_room(std::uint64_t now_us) {
  std::erase_if(known_, [now_us](const auto& entry) { return entry.second.until_us <= now_us; });
  if (known_.size() >= kMost) known_.clear();
}

}  // namespace larder::reports
