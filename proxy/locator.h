// SPDX-License-Identifier: MIT
// What Apple's AssetCacheLocatorService asks where content caches are, and what it is told.
//
// The client posts JSON to the URL of its preference LocateURL (domain com.apple.AssetCacheLocatorService; always
// https) and reads a JSON object with a `servers` array. Both shapes are those of recorded exchanges with
// lcdn-locator.apple.com: https://github.com/azenla/AppleCache, locator/README. That a real Mac takes such an answer
// from another server has not been tried.
//
// What the client makes of the answer, as far as is known: addresses must be numeric; the lowest rank is used and the
// others are spare; a server is skipped after more than two failures; a `validity-interval` below 300 counts as 300;
// requests with a query of their own need the capability "query-parameters". The capabilities left out ("im", "pc",
// "ns") are about uploads to the cache and iCloud.
// Pure; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/network.h"

namespace larder::proxy {

// What a device tells of itself when it asks. Whatever is missing is "".
struct LocateRequest {
  std::string os;  // "macOS", "iOS", "tvOS", ...: as updates/user_agent.h names them
  std::string os_version;
  std::string build;
};

// Fails with a sentence for the client when it is no JSON object. Members that are missing, or of another type than is
// known, count as not said.
Result<LocateRequest> read_locate_request(std::string_view json);

struct LocatedServer {
  config::Address address;
  std::uint16_t port = 0;
  int rank = 1;
};

// The answer's JSON. Each server's guid is made from its address and port, so that all who name it name the same.
std::string locate_answer(const std::vector<LocatedServer>& servers, std::chrono::seconds validity,
                          std::uint64_t cache_bytes);

}  // namespace larder::proxy
