// SPDX-License-Identifier: MIT
// Whose request it was, as far as anything tells: a token, else the hardware address behind the client's address, else
// the address, which may have a name (named_addresses.h). And the cleaning of texts that came from outside before they
// are kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/limits.h"
#include "config/network.h"
#include "reports/client_names.h"
#include "reports/ledger.h"
#include "reports/neighbours.h"

namespace larder::reports {

// Over these, the rest is cut off. A canonical URL is a target (8 KiB) with scheme and host; names and versions of real
// products stay under 64 bytes.
inline constexpr std::size_t kUrlBytes = 9 * 1024;
inline constexpr std::size_t kNameBytes = 128;
// In front of the name by which a device is known.
inline constexpr std::string_view kNamePrefix = "name:";
// The longest device id: such a name.
inline constexpr std::size_t kMostIdBytes = kNamePrefix.size() + kDeviceNameBytes;

// Printable UTF-8: anything else becomes '?' a byte. At most kNameBytes.
std::string clean_name(std::string_view text);
// As clean_name, but %XX for what is not printable, and at most kUrlBytes.
std::string clean_url(std::string_view url);

// A token that may name a device: 1 to limits::kTokenBytes bytes of printable UTF-8 that look like neither an address
// nor "mac:..." or "name:...", which name devices without a token. Anything else is as good as no token.
bool is_device_token(std::string_view token);

struct AddressHash {
  std::size_t operator()(const config::Address& address) const;
};

// What is known of who is next door; refreshed when asked, at most every 30 s.
class Neighbourhood {
 public:
  explicit Neighbourhood(std::unique_ptr<Neighbours> neighbours) : neighbours_(std::move(neighbours)) {}

  bool refresh(SteadyTime now);  // whether it was read anew
  // Valid until the next refresh. Null: nobody knows.
  const Neighbour* find(const config::Address& address) const;

 private:
  std::unique_ptr<Neighbours> neighbours_;
  std::optional<SteadyTime> read_at_;
  std::unordered_map<config::Address, Neighbour, AddressHash> known_;
};

// The id of a device that is known by its hardware address: "mac:aa:bb:cc:dd:ee:ff".
std::string mac_id(const Mac& mac);
// Of one that is known by what a nameserver calls its address: "name:annas-mac.example.org".
std::string name_device_id(std::string_view name);

struct Identity {
  std::string id;
  DeviceEvidence evidence = DeviceEvidence::address;
};
Identity identify(const FetchRecord& record, const Neighbour* neighbour);

}  // namespace larder::reports
