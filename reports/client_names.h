// SPDX-License-Identifier: MIT
// What nameservers call the addresses of clients (reverse look-ups, PTR), and which of it may name a device.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config/network.h"

namespace larder::reports {

// Longer names are none. A name of the DNS may have 253 bytes; those of devices have some twenty to sixty.
inline constexpr std::size_t kDeviceNameBytes = 128;

// The name, in lower case and without a last dot, as far as it can be a device's: a host name that is no address. Empty
// for "localhost" and its kin, for names of the reverse tree, and for those that are made of the whole address
// ("dhcp-10-1-2-3.example.org"), which say no more than it does. Pure.
std::string device_name(std::string_view said, const config::Address& address);

struct ClientName {
  config::Address address;
  std::string name;              // of device_name(); "": it has none
  std::chrono::seconds life{0};  // how long that is good, from now on
};

// Addresses asked for since the start, and how that ended: with a name, without one, or with no answer.
struct NamesAsked {
  std::uint64_t begun = 0, named = 0, nameless = 0, failed = 0;
};

// The seam to nameservers, so that tests decide what they say.
class ClientNames {
 public:
  ClientNames() = default;
  ClientNames(const ClientNames&) = delete;
  ClientNames& operator=(const ClientNames&) = delete;
  virtual ~ClientNames() = default;

  // `told` is called, on a thread of its own, when take() has a name; until stop() has returned.
  virtual void start(std::function<void()> told) = 0;
  virtual void stop() = 0;

  // ---- any thread; never waits ----
  // Requests have come from there: asks for the names that are not known. What cannot be asked now is asked when the
  // next request comes from there.
  virtual void ask(std::vector<config::Address> clients) = 0;
  // What has become known since the last call.
  virtual std::vector<ClientName> take() = 0;
};

}  // namespace larder::reports
