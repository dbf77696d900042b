// SPDX-License-Identifier: MIT
// When a stored response may be used: RFC 9111 for a shared cache, as arithmetic on fields. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "cache/object.h"

namespace larder::cache {

// How long a name's bytes can be believed, as far as the name tells (updates/): a versioned package never changes, a
// catalogue may change at any moment, of everything else the response's own fields decide.
enum class NameClass { immutable, mutable_name, ordinary };

using Fields = std::vector<std::pair<std::string, std::string>>;  // names in any case, values trimmed

// Nothing: the response must not be stored.
std::optional<Freshness> freshness_of(const Fields& response, int status, NameClass name,
                                      bool request_had_authorization, WallTime request_time, WallTime response_time);

std::chrono::seconds current_age(const Freshness& freshness, WallTime now);
bool is_fresh(const Freshness& freshness, NameClass name, WallTime now);

// HTTP-date in its three forms (RFC 9110 5.6.7). Nothing when malformed.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace larder::cache
