// SPDX-License-Identifier: MIT
// The origins Larder may fetch from: the vendors' built-in hosts, changed and added to by the configuration. Everything
// else is refused, so that `source=` and the proxy entrance open no way into the site's own network. Immutable; any
// thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace larder::proxy {

struct OriginRule {
  std::string name;                   // the entry: a host, or ".domain" for the domain and everything below it
  std::string vendor;                 // "apple", "microsoft", "windows"; "configured" for hosts no vendor's list has
  std::optional<std::uint16_t> port;  // only this port; nothing: 80 and 443
  std::optional<config::Endpoint> connect_to;  // connect there instead of resolving the name
  std::string scheme;                          // "http" or "https" whatever the URL says; "" as the URL says
  std::filesystem::path ca_file;               // empty: the system's
  bool knows_updates = true;  // names of updates overrule what the origin says of keeping them (origins.host.cache)
  std::vector<config::Network> networks;  // where the name may lead beside public addresses (origin_guard.h)
};

class OriginTable {
 public:
  // Built-in hosts of origins.vendors, then origins.hosts over them.
  explicit OriginTable(const config::OriginsConfig& origins);

  // Who may be asked for this host (lower case, no brackets) and port, null when nobody may. The most exact name wins:
  // the host itself, then the longest domain; for one name, an entry for this very port before one for 80 and 443, and
  // the configuration before the built-in list. Valid as long as the table.
  const OriginRule* find(std::string_view host, std::uint16_t port) const;

  // Whether any port of this host is named.
  bool names(std::string_view host) const;

  std::size_t size() const { return size_; }

  using Rules = std::vector<OriginRule>;                                             // of one name; best first
  const std::map<std::string, Rules, std::less<>>& rules() const { return rules_; }  // by name

 private:
  void add(OriginRule rule);
  template <class Accept>
  const OriginRule* search(std::string_view host, Accept accept) const;

  std::map<std::string, Rules, std::less<>> rules_;
  std::size_t size_ = 0;
};

}  // namespace larder::proxy
