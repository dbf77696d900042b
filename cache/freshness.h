// SPDX-License-Identifier: MIT
// When a stored response may be used: RFC 9111 for a shared cache, as arithmetic on fields. Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "cache/cache_control.h"
#include "cache/object.h"

namespace larder::cache {

// How long a name's bytes can be believed, as far as the name tells (updates/): a versioned package never changes, a
// catalogue may change at any moment, of everything else the response's own fields decide.
enum class NameClass { immutable, mutable_name, ordinary };

// Nothing: the response must not be stored. Stored are, answers to GET taken for granted:
// - ordinary names as RFC 9111 3 says: any final status but 304 when the origin says for how long (or `public`), else
//   the statuses that are cacheable by heuristics; not no-store, not private, not Vary: *;
// - immutable names always, fresh for ever; mutable names always, never fresh, yet good for when the origin fails: both
//   whatever Cache-Control says, but only as 200 and 206 (as parts), and not with Vary and a Content-Encoding or Vary:
//   *;
// - none of them, asked with Authorization, without public, s-maxage or must-revalidate (RFC 9111 3.5).
// Directives with field names (private="x") do not count here: those fields are left out of what is kept.
std::optional<Freshness> freshness_of(const Fields& response, int status, NameClass name,
                                      bool request_had_authorization, WallTime request_time, WallTime response_time);

std::chrono::seconds current_age(const Freshness& freshness, WallTime now);
bool is_fresh(const Freshness& freshness, NameClass name, WallTime now);

// Statuses that may be reused for a while without being told so (RFC 9110 15.1).
bool is_heuristically_cacheable(int status);

// What a request makes of a stored answer (RFC 9111 4, 4.2.4, 5.2.1).
enum class Use {
  as_it_is,      // it is fresh, or the request takes it stale
  while_asking,  // stale-while-revalidate: it is sent, and the origin asked behind it
  after_asking,  // only when the origin has confirmed it
};
Use use_for(const Freshness& freshness, NameClass name, const RequestDirectives& request, WallTime now);

// Whether it may be sent though the origin could not be asked, or answered with an error (RFC 9111 4.2.4, RFC 5861 4).
bool good_on_error(const Freshness& freshness, NameClass name, const RequestDirectives& request, WallTime now);

// HTTP-date in its three forms (RFC 9110 5.6.7). Nothing when malformed.
std::optional<WallTime> parse_http_date(std::string_view text);

}  // namespace larder::cache
