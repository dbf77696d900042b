// SPDX-License-Identifier: MIT
// Reattribution: what is on record of one device becomes another's, or nobody's, with every total that it is part of:
// the raw fetches and their chain, the device's totals and hours, what it has of each release, and how many devices
// have that. Totals that name no device stay as they are.
// Raw fetches that retention has dropped cannot be told apart any more: their part of the totals stays where it is.
// All rows must have been written before; whoever remembers rows must forget them afterwards.
// Threads: `ledger` only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config/network.h"
#include "reports/environment.h"
#include "reports/fetch_record.h"

namespace larder::reports {

// Over so many raw fetches of one device none is moved: a guess of an address that many share is left alone.
inline constexpr std::size_t kMostOfDevice = 100'000;

// What was asked for from `address` in [from_us, until_us), as far as it is recorded of device `from`, is device
// `to`'s. A device that has nothing left is none.
struct Move {
  std::uint32_t from = 0, to = 0;
  config::Address address;
  std::uint64_t from_us = 0, until_us = 0;
  DeviceEvidence evidence = DeviceEvidence::lease;  // of the fetches from now on
};
// How many fetches were moved.
std::size_t move_fetches(WriteTxn& txn, const Move& move);

// The device is none any more. Its raw fetches stay, as nobody's, without system, and of the address only the network.
// How many there were.
std::size_t erase_device(WriteTxn& txn, std::uint32_t device);

}  // namespace larder::reports
