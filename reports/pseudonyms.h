// SPDX-License-Identifier: MIT
// Pseudonyms: keyed hashes that stand on record where a device's id, address, hardware address and host name would, for
// sites that may count devices but not know them. The key is random, kept in the ledger's `meta` and replaced every
// kPseudonymLife; with it goes the only way from a device to what it was called before.
//   id       "p:" and 24 hexadecimal digits of HMAC-SHA-256(key, id)
//   address  fd and 15 bytes of HMAC-SHA-256(key, address): an address that is nobody's (RFC 4193)
// Threads: `ledger` only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/network.h"
#include "reports/environment.h"

namespace larder::reports {

inline constexpr std::chrono::days kPseudonymLife{30};
enum class Naming { plain, pseudonyms };

class Pseudonyms {
 public:
  explicit Pseudonyms(Naming naming) : on_(naming == Naming::pseudonyms) {}

  bool on() const { return on_; }
  // Before anything else in a transaction: makes or replaces the key when that is due. Whether it is another than
  // before: then what devices were called is void.
  bool begin(WriteTxn& txn, WallTime now);
  // What is kept; the same when pseudonyms are off.
  std::string of(std::string id) const;
  config::Address of(const config::Address& address) const;
  // The key is read anew.
  void forget() { key_.clear(); }

 private:
  std::string hash(std::string_view text) const;

  bool on_;
  std::string key_;
};

}  // namespace larder::reports
