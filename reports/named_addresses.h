// SPDX-License-Identifier: MIT
// Named addresses: which name an address had when, as nameservers have said (client_names.h). What was asked for from
// there before the answer came is the named device's as well, a lease back at most, and not from when the address had
// another name or none: claims() tells. In memory only: after a restart the nameservers are asked anew.
// Addresses and ids are what is kept of them (pseudonyms.h).
// Threads: `ledger` only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "config/network.h"
#include "reports/identity.h"

namespace larder::reports {

// A device's id and what it is called, which is "" under pseudonyms.
struct DeviceName {
  std::string id, host;
  bool operator==(const DeviceName&) const = default;
};

// What was asked for from the address, and is taken for the address's alone, in [from_us, until_us), is the device's.
struct NameClaim {
  config::Address address;
  DeviceName name;
  std::uint64_t from_us = 0, until_us = 0;
};

class NamedAddresses {
 public:
  explicit NamedAddresses(std::chrono::seconds lease)
      : lease_us_(static_cast<std::uint64_t>(lease.count()) * 1'000'000) {}

  // From now on the address has this name for so long; an empty id: it has none.
  void learn(const config::Address& address, DeviceName name, std::chrono::seconds life, std::uint64_t now_us);
  // Null: it had none then, or nobody knows. Valid until the next call of learn() or clear().
  const DeviceName* at(const config::Address& address, std::uint64_t time_us) const;
  bool empty() const { return known_.empty(); }
  // The id it had last, however long ago; "" none.
  std::string_view last_id(const config::Address& address) const;

  // Those of this transaction, which has begun after the one before was committed or retry() was called.
  void begin() { tried_.clear(); }
  std::vector<NameClaim> claims();
  // The transaction, or the one before, may not have been committed: their claims are made again.
  void retry();
  void clear();

 private:
  struct Known {
    DeviceName name;
    std::uint64_t from_us = 0, until_us = 0;
  };
  void make_room(std::uint64_t now_us);

  std::uint64_t lease_us_;
  std::unordered_map<config::Address, Known, AddressHash> known_;
  std::vector<NameClaim> claims_, tried_;
};

}  // namespace larder::reports
