// SPDX-License-Identifier: MIT
// What is asked of `larder profile`: checked, with everything the configuration says filled in. Nothing in it needs to
// be doubted further: texts are printable UTF-8 of bounded length, hosts and URLs are well-formed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "admin/profile_kinds.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"

namespace larder::admin {

struct ProfileOrder {
  std::vector<const ProfileKind*> kinds;  // at least one, each once, in the order of kProfileKinds
  const Mdm* mdm = nullptr;
  std::string server;           // by which devices reach Larder: a name, or an address without brackets
  std::uint16_t http_port = 0;  // 0: no plain listener
  std::uint16_t tls_port = 0;   // 0: no TLS listener
  bool secure = false;          // AutoUpdate by https
  std::string token;            // of the one device it is for; "" the MDM's variable, if it has one
  std::string organization;     // "" not said
  bool removable = false;       // by the user
  std::optional<WallTime> removal_date;

  std::string channel;              // of AutoUpdate, as Larder's paths say it
  std::vector<std::string> apps;    // application ids with an UpdateCache of their own; none: one for all
  std::uint32_t deadline_days = 0;  // 0: none
  std::uint32_t defer_days = 0;     // 0: none

  std::string ssid, wifi_password, wifi_encryption;
  std::string dns_url, dns_name;
  std::vector<std::string> dns_addresses;
  std::string root_der;              // of the certificate to trust; "" none known
  std::vector<std::string> origins;  // names of origins, ".domain" for domains

  enum class Platform { macos, ios } platform = Platform::macos;  // of ddm-settings
  std::string os_version, build, deadline, details_url;           // of ddm-enforce

  bool has(std::string_view kind) const;
  // The serial's variable or the token; "" when no device is named.
  std::string_view device() const { return token.empty() ? mdm->serial : std::string_view(token); }
};

// What the daemon knows besides the configuration.
struct ProfileSite {
  std::string own_name;              // by which devices reach it, unless the order says another
  std::string root_pem;              // of the site's own authority; "" none
  std::vector<std::string> origins;  // as in ProfileOrder
};

// `json`: the body of POST /api/v1/profile (openapi.yaml). Fails with what is wrong and what would be right.
Result<ProfileOrder> read_profile_order(std::string_view json, const config::Config& config, const ProfileSite& site);

}  // namespace larder::admin
