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

// Nothing: the response must not be stored. Stored are 200 and 206 (as parts; other answers are the caller's), and of
// those:
// - ordinary names as RFC 9111 3 says: not no-store, not private, no Vary but on Accept-Encoding;
// - immutable names always, fresh for ever; mutable names always, never fresh, yet good for when the origin fails: both
//   whatever Cache-Control says;
// - none of them with Vary: *, with Vary and a Content-Encoding, or, asked with Authorization, without public, s-maxage
//   or must-revalidate (RFC 9111 3.5).
// Directives with field names (private="x") do not count here: those fields are left out of what is kept.
std::optional<Freshness> freshness_of(const Fields& response, int status, NameClass name,
                                      bool request_had_authorization, WallTime request_time, WallTime response_time);

std::chrono::seconds current_age(const Freshness& freshness, WallTime now);
bool is_fresh(const Freshness& freshness, NameClass name, WallTime now);

// HTTP-date in its three forms (RFC 9110 5.6.7). Nothing when malformed.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace larder::cache
