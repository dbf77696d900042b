// SPDX-License-Identifier: MIT
// The site's own certificate authority, for sites that have none: a root that devices are given by a profile, and
// leaves for Larder's names that it signs and renews. Files of one directory, readable by larderd's user alone (0700,
// 0600):
//
//   names             one name or address a line, the first is the main one
//   root.pem .key     RSA 3072, ten years. It can sign for those names only (name constraints, critical)
//   ecdsa.pem .key    leaf, P-256, for the clients of today
//   rsa.pem .key      leaf, RSA 2048, for those that know no other
//
// Leaves are as Apple wants them (https://support.apple.com/103769): names as subjectAltName, extendedKeyUsage
// serverAuth, SHA-256, 90 days.
// Threads: any, one at a time for one directory. Making keys takes up to some seconds.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace larder::proxy {

class SiteAuthority {
 public:
  static constexpr std::chrono::hours kLeafLife{24 * 90};
  static constexpr std::chrono::hours kRenewBefore{24 * 30};

  explicit SiteAuthority(std::filesystem::path directory) : directory_(std::move(directory)) {}

  bool exists() const;
  // Host names (config::is_host_name) and addresses; at least one. Fails when there is an authority already: devices
  // trust that one.
  Status make(const std::vector<std::string>& names, WallTime now) const;
  // Makes both leaves anew when one is missing, cannot be read, or has less than kRenewBefore to live. True: they were.
  Result<bool> renew(WallTime now) const;

  Result<std::vector<std::string>> names() const;
  std::string root_pem() const;                             // "" when there is none
  std::filesystem::path leaf(std::string_view kind) const;  // "ecdsa", "rsa"
  std::filesystem::path leaf_key(std::string_view kind) const;

 private:
  Status issue(WallTime now) const;

  std::filesystem::path directory_;
};

}  // namespace larder::proxy
