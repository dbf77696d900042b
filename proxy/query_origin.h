// SPDX-License-Identifier: MIT
// The origin that a query names: `source=` of Apple's content-cache clients, `cacheHostOrigin=` of Delivery
// Optimization. Pure.
//
// Apple's clients append source=HOST[:PORT], percent-escaped, with the port only if the original URL wrote one, IPv6 in
// brackets, and &sourceScheme=S only if S is not http (as their own code does; captures show the same). Other tools
// write source=HOST:443 and no scheme, which means https. Delivery Optimization replaces the host and appends
// cacheHostOrigin=HOST; its requests are http (https://github.com/microsoft/do-client, SwapUrlHostNameForMCC).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::proxy {

struct QueryOrigin {
  enum class Key { source, cache_host_origin };
  Key key = Key::source;
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case, without brackets
  std::uint16_t port = 0;
  std::string rest;  // the other items, in order and as they were
};

// Nothing: the query names no origin. An error (a sentence for the client): a key is empty, doubled or malformed, both
// keys are there, or sourceScheme without source.
std::optional<Result<QueryOrigin>> read_query_origin(std::string_view query);

}  // namespace larder::proxy
