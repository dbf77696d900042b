// SPDX-License-Identifier: MIT
// What Cache-Control asks of a shared cache, in answers and in requests (RFC 9111 5.2; RFC 5861; RFC 8246), and the
// fields that speak to some caches only (RFC 9213). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace larder::cache {

using Fields = std::vector<std::pair<std::string, std::string>>;  // names in any case, values trimmed

// Of a directive given twice the first counts (RFC 9111 4.2.1). A number of seconds that is none, or has spaces about
// its "=", is 0: stale is the safe reading. What is larger than 2^31 is 2^31 (RFC 9111 1.2.2).
struct ResponseDirectives {
  std::optional<std::chrono::seconds> max_age;
  std::optional<std::chrono::seconds> s_maxage;
  std::optional<std::chrono::seconds> stale_while_revalidate;
  std::optional<std::chrono::seconds> stale_if_error;
  bool no_store = false;
  bool no_cache = false;    // without field names
  bool is_private = false;  // without field names
  bool is_public = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool must_understand = false;
  bool immutable = false;
  bool targeted = false;              // from a field for this cache: Expires does not count beside it
  std::vector<std::string> withheld;  // fields that private="..." and no-cache="..." name: not to be stored
};

// From the first of Larder-Cache-Control and CDN-Cache-Control that is a well-formed, non-empty dictionary (RFC 8941),
// else from Cache-Control.
ResponseDirectives response_directives(const Fields& response);

struct RequestDirectives {
  std::optional<std::chrono::seconds> max_age;
  std::optional<std::chrono::seconds> min_fresh;
  std::optional<std::chrono::seconds> max_stale;  // of any age: the largest
  std::optional<std::chrono::seconds> stale_if_error;
  bool no_cache = false;
  bool no_store = false;
  bool only_if_cached = false;
};

// `pragma` counts only when there is no Cache-Control (RFC 9111 5.4).
RequestDirectives request_directives(std::string_view cache_control, std::string_view pragma);

// All fields of a name as one list, joined by ", "; "" when there is none.
std::string joined(const Fields& fields, std::string_view name);
// The first field of a name, null when there is none.
const std::string* find_field(const Fields& fields, std::string_view name);
// Takes the next item, trimmed, off a list: up to a comma outside of quotes.
std::string_view take_item(std::string_view& list);
// delta-seconds, digits only; 0 for what is none.
std::chrono::seconds parse_delta(std::string_view text);

}  // namespace larder::cache
