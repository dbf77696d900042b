// SPDX-License-Identifier: MIT
// Canonical URLs: the one name for each object, whichever entrance and spelling it was asked by. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace larder::updates {

// A parsed http or https URL. Percent-escapes as received.
struct Url {
  std::string scheme;      // "http" or "https"
  std::string host;        // lower case, without brackets
  std::uint16_t port = 0;  // never 0 after parsing: the scheme's default when none is written
  std::string path;        // begins with '/'
  std::string query;       // without '?', may be empty

  bool default_port() const { return port == (scheme == "https" ? 443 : 80); }
  std::string text() const;    // default port dropped
  std::string target() const;  // path and query, as a request line writes them

  // Absolute form only. Refuses user info, fragments, empty or malformed hosts, control characters and spaces, bad
  // ports, and what is longer than a request target may be. One trailing dot of the host is dropped.
  static Result<Url> parse(std::string_view text);
};

// What the store is asked with, and what the origin is asked with.
struct CanonicalUrl {
  std::string
      key;  // the name: host aliases folded, dot segments and needless escapes resolved, authorising query keys dropped
  Url origin;                  // where to fetch: a living host, the query whole. https is never weakened to http
  std::vector<Url> fallbacks;  // other places of the same bytes, best first, when the origin fails or has them not
};

// Never fails: a URL no rule knows is its own canonical form. The scheme is part of the name except on hosts known to
// serve the same bytes on both. The key of a key is itself.
CanonicalUrl canonical(const Url& url);

// The same of a host whose names are nobody's but its own: spelled differently they may be different things, so path
// and query stay as they are written, in the name as for the origin. A vendor's host is named as above.
CanonicalUrl as_written(const Url& url);

}  // namespace larder::updates
