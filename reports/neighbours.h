// SPDX-License-Identifier: MIT
// Which hardware address is behind an address: by the kernel's neighbour table (ARP and NDP) on this network, by others
// (lease_files.h) beyond.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/network.h"

namespace larder::reports {

using Mac = std::array<std::uint8_t, 6>;
std::string mac_text(const Mac& mac);  // "aa:bb:cc:dd:ee:ff"

enum class NeighbourFrom : std::uint8_t { kernel, dhcp };

struct Neighbour {
  config::Address address;
  Mac mac{};
  NeighbourFrom from = NeighbourFrom::kernel;
  std::string name{};  // that the device or its DHCP server gave it; not cleaned
};

// The seam to the kernel, so that tests decide who is next door.
class Neighbours {
 public:
  Neighbours() = default;
  Neighbours(const Neighbours&) = delete;
  Neighbours& operator=(const Neighbours&) = delete;
  virtual ~Neighbours() = default;

  // Everything known now; empty when it cannot be read. Called on the thread `ledger`, at most every 30 s.
  virtual std::vector<Neighbour> read() = 0;
};

// Asks over netlink (RTM_GETNEIGH, IPv4 and IPv6). Entries without a usable 6-byte address are left out. Needs no
// privilege; takes a few milliseconds for ten thousand entries and gives up after one second.
std::unique_ptr<Neighbours> kernel_neighbours();

}  // namespace larder::reports
