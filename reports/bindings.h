// SPDX-License-Identifier: MIT
// Bindings: which device an address is taken for, since it has named itself from there by a token when it fetched its
// PAC file or asked the locator: what it then asks for by a proxy or a cache has no token. For a while; then the
// address says nothing again. Two devices that name themselves in turn from one address stand behind it both (a NAT):
// then nobody is guessed. One that names itself where another did before has taken its place, as DHCP gives addresses
// away. Kept in table `bindings`:
//   key    16 bytes address (IPv4 as ::ffff:a.b.c.d)
//   value  u8 1; u32 device; u64 until (microseconds since 1970); u32 device before, 0 none; u64 until when both stand
//          behind it, 0 not
// Threads: `ledger` only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "reports/environment.h"
#include "reports/identity.h"

namespace larder::reports {

class Bindings {
 public:
  // `lease`: how long an address is its device's after it has named itself; 0: not at all.
  explicit Bindings(std::chrono::seconds lease) : lease_us_(static_cast<std::uint64_t>(lease.count()) * 1'000'000) {}

  // Before anything else in a transaction.
  void begin(const Txn& txn);
  // The device has named itself from the address.
  void named(const config::Address& address, std::uint32_t device, std::uint64_t time_us);
  // The device that the address is taken for at this time.
  std::optional<std::uint32_t> device_at(const config::Address& address, std::uint64_t time_us) const;
  // Writes what has changed.
  void write(WriteTxn& txn);
  // What the environment says is read anew.
  void forget();

 private:
  struct Binding {
    std::uint32_t device = 0;
    std::uint64_t until_us = 0;
    std::uint32_t before = 0;
    std::uint64_t shared_until_us = 0;
  };
  void make_room(std::uint64_t time_us);

  std::uint64_t lease_us_;
  bool read_ = false;
  std::unordered_map<config::Address, Binding, AddressHash> known_;
  std::unordered_set<config::Address, AddressHash> changed_, gone_;
};

}  // namespace larder::reports
