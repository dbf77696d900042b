// SPDX-License-Identifier: MIT
// Bindings: which device an address is taken for, since it has named itself from there by a token when it fetched its
// PAC file or asked the locator: what it then asks for by a proxy or a cache has no token. For a while; then the
// address says nothing again.
//
// A device that names itself from another address (of the same family) has left the first. One that names itself where
// another did not long ago has either been given that one's address (DHCP), or both stand behind it (a NAT). Until one
// of these is shown, nobody is guessed:
//   handed over  the hardware address behind the address is another; or the first one names itself from elsewhere; or
//                it stays silent while the new one names itself again an eighth of a lease later; or its lease ends
//   shared       the first one names itself from there again: then the address is nobody's as long as both do
//
// Who has an address to itself may have used it before it said so: take_claims() tells what it may claim.
// Kept in table `bindings`:
//   key    16 bytes address (IPv4 as ::ffff:a.b.c.d)
//   value  u8 2; u32 device; u64 since; u64 until (microseconds since 1970); u32 device before, 0 none; u64 until, of
//          the device before; u64 until when both stand behind it, 0 not; u8 1 and 6 bytes hardware address, or u8 0
// Threads: `ledger` only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "reports/environment.h"
#include "reports/identity.h"

namespace larder::reports {

// What was asked for from an address without a name, in [from_us, until_us), is now known to be a device's.
struct Claim {
  config::Address address;
  std::uint32_t device = 0;
  std::uint64_t from_us = 0, until_us = 0;
  std::optional<Mac> mac;  // behind the address
};

// What is known of one address.
struct Binding {
  std::uint32_t device = 0;
  std::uint64_t since_us = 0, until_us = 0;
  std::uint32_t before = 0;
  std::uint64_t before_until_us = 0;
  std::uint64_t shared_until_us = 0;
  std::optional<Mac> mac;

  bool contested(std::uint64_t time_us) const { return before != 0 && time_us < before_until_us; }
  bool shared(std::uint64_t time_us) const { return time_us < shared_until_us; }
};

// No address is taken for the device any more. Whoever has Bindings must have them forget.
void erase_bindings(WriteTxn& txn, std::uint32_t device);

class Bindings {
 public:
  // `lease`: how long an address is its device's after it has named itself; 0: not at all.
  explicit Bindings(std::chrono::seconds lease) : lease_us_(static_cast<std::uint64_t>(lease.count()) * 1'000'000) {}

  // Before anything else in a transaction.
  void begin(const Txn& txn);
  // The device has named itself from the address, behind which is this hardware.
  void named(const config::Address& address, std::uint32_t device, std::uint64_t time_us,
             const std::optional<Mac>& mac);
  // The device that the address is taken for at this time.
  std::optional<std::uint32_t> device_at(const config::Address& address, std::uint64_t time_us) const;
  // The claims that have become good since the last call.
  std::vector<Claim> take_claims() { return std::exchange(claims_, {}); }
  // Writes what has changed.
  void write(WriteTxn& txn);
  // What the environment says is read anew.
  void forget();

 private:
  using Known = std::unordered_map<config::Address, Binding, AddressHash>;
  void take_turn(Binding& binding, std::uint32_t device, std::uint64_t until_us);
  void renew(const config::Address& address, Binding& binding, std::uint64_t time_us);
  void replace(const config::Address& address, Binding& binding, std::uint32_t device, std::uint64_t time_us,
               const std::optional<Mac>& mac);
  void hand_over(const config::Address& address, Binding& binding, std::uint64_t time_us);
  void leave(std::uint32_t device, const config::Address& address, std::uint64_t time_us);
  void settle_at(std::uint32_t device, const config::Address& address);
  void make_room(std::uint64_t time_us);

  std::uint64_t lease_us_;
  bool read_ = false;
  Known known_;
  // Where a device has named itself last, by its number and the address's family.
  std::map<std::pair<std::uint32_t, bool>, config::Address> places_;
  std::unordered_set<config::Address, AddressHash> changed_, gone_;
  std::vector<Claim> claims_;
};

}  // namespace larder::reports
