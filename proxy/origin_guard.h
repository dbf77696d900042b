// SPDX-License-Identifier: MIT
// Which addresses an origin's name may lead to. Names are looked up by others (DNS, or who forges it), so what a named
// origin resolves to is looked at once more, at the very address that is about to be connected to: between this check
// and the connection no second look-up can slip in. Redirects and passes go the same way.
//
// Not checked: what an upstream proxy connects to (it resolves the names), and the proxy itself.
// Threads: `origin`; immutable.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "proxy/origin_table.h"

namespace larder::proxy {

// Where a connection is about to go.
struct Destination {
  std::string_view host;  // the name it was found by
  config::Address address;
  std::uint16_t port = 0;
};

class OriginGuard {
 public:
  using IsOwnAddress = std::function<bool(const config::Address&)>;  // of one of this machine's interfaces

  explicit OriginGuard(const config::ListenConfig& listen, IsOwnAddress is_own = is_address_of_this_machine);

  // Refused: Larder's own listening addresses, always; addresses that are not public (config/special_address.h) and
  // this machine's own, unless the rule has connect_to, is itself an address or "localhost", or lists the network. The
  // message says what to do.
  Status check(const OriginRule& rule, const Destination& destination) const;

  static bool is_address_of_this_machine(const config::Address& address);

 private:
  struct Own {
    config::Address address;
    std::uint16_t port = 0;
  };

  bool is_larder(const Destination& destination) const;

  std::vector<Own> own_;
  IsOwnAddress is_own_;
};

}  // namespace larder::proxy
