// SPDX-License-Identifier: MIT
// What a site's nameserver must be told so that the names of origins lead to Larder, in the words of several
// nameservers; from the same table as the origins. Pure: the same order gives the same text.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace larder::admin {

inline constexpr std::array<std::string_view, 5> kDnsFormats{"dnsmasq", "unbound", "bind-rpz", "adguard", "pihole"};

struct DnsKit {
  std::string text;
  std::vector<std::string> warnings;
};

// `json`: the body of POST /api/v1/dns (openapi.yaml). Fails with what is wrong and what would be right.
Result<DnsKit> make_dns_kit(std::string_view json, const config::Config& config);

}  // namespace larder::admin
