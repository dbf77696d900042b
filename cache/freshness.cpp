// SPDX-License-Identifier: MIT
#include "cache/freshness.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace larder::cache {
namespace {

using std::chrono::seconds;

constexpr seconds kForEver = std::chrono::hours(24 * 365 * 100);
constexpr seconds kHeuristicMost = std::chrono::hours(24);
constexpr seconds kMostLifetime = seconds(1LL << 31U);

bool encoded(const Fields& response) {
  const auto* encoding = find_field(response, "Content-Encoding");
  return encoding != nullptr && !encoding->empty() && !equals_ignoring_case(*encoding, "identity");
}

// Of a name known to be an update's, what varies by a client's fields is one answer as long as it is not encoded: it is
// asked for without them. Variants of ordinary names are kept side by side (variants.h).
bool vary_allows(const Fields& response, NameClass name) {
  const std::string list = joined(response, "Vary");
  bool varies = false;
  for (std::string_view left = list; !left.empty();) {
    const auto item = take_item(left);
    if (item.empty()) continue;
    if (item == "*") return false;
    varies = true;
  }
  return name == NameClass::ordinary || !varies || !encoded(response);
}

// RFC 9111 3, of an ordinary name: the origin says for how long, or it may be guessed.
bool says_how_long(const Fields& response, int status, const ResponseDirectives& directives) {
  const bool expires = !directives.targeted && find_field(response, "Expires") != nullptr;
  return directives.is_public || directives.max_age || directives.s_maxage || expires ||
         is_heuristically_cacheable(status);
}

// The caching rules of these are known (RFC 9110 15); of others nothing is to be taken for granted.
bool is_understood(int status) {
  return is_heuristically_cacheable(status) || status == 302 || status == 303 || status == 307;
}

bool may_store(const Fields& response, int status, const ResponseDirectives& directives, NameClass name,
               bool request_had_authorization) {
  if (!vary_allows(response, name)) return false;
  // RFC 9111 3.5. It holds for known names too: who may have the bytes is not told by their never changing.
  const bool shared = directives.is_public || directives.s_maxage || directives.must_revalidate;
  if (request_had_authorization && !shared) return false;
  if (name != NameClass::ordinary) return status == 200 || status == 206;
  if (status < 200 || status == 304 || directives.is_private) return false;
  // must-understand comes with no-store, for caches that know nothing of it (RFC 9111 5.2.2.3).
  if (directives.must_understand ? !is_understood(status) : directives.no_store) return false;
  return says_how_long(response, status, directives);
}

// 10 % of the time since the last change (RFC 9111 4.2.2), at most a day.
seconds heuristic(const Fields& response, WallTime date) {
  const auto* last_modified = find_field(response, "Last-Modified");
  const auto modified = last_modified == nullptr ? std::nullopt : parse_http_date(*last_modified);
  if (!modified || *modified >= date) return seconds(0);
  return std::min(std::chrono::duration_cast<seconds>(date - *modified) / 10, kHeuristicMost);
}

seconds lifetime_of(const Fields& response, int status, const ResponseDirectives& directives, WallTime date) {
  if (directives.no_cache) return seconds(0);
  if (directives.s_maxage) return *directives.s_maxage;
  if (directives.max_age) return *directives.max_age;
  const auto* expires = directives.targeted ? nullptr : find_field(response, "Expires");
  if (expires == nullptr) {
    return directives.is_public || is_heuristically_cacheable(status) ? heuristic(response, date) : seconds(0);
  }
  const auto until = parse_http_date(*expires);
  if (!until || *until <= date) return seconds(0);
  return std::min(std::chrono::duration_cast<seconds>(*until - date), kMostLifetime);
}

// RFC 9111 4.2.3.
seconds initial_age(const Fields& response, WallTime date, WallTime request_time, WallTime response_time) {
  // Of a list the first member counts; what is no number is ignored (RFC 9111 5.1).
  const std::string ages = joined(response, "Age");
  std::string_view list = ages;
  const seconds said = parse_delta(take_item(list));
  const auto apparent = std::chrono::duration_cast<seconds>(response_time - date);
  const auto delay = std::chrono::duration_cast<seconds>(response_time - request_time);
  return std::max({seconds(0), apparent, said + std::max(seconds(0), delay)});
}

}  // namespace

std::optional<Freshness> freshness_of(const Fields& response, int status, NameClass name,
                                      bool request_had_authorization, WallTime request_time, WallTime response_time) {
  const ResponseDirectives directives = response_directives(response);
  if (!may_store(response, status, directives, name, request_had_authorization)) return std::nullopt;
  const auto* said_date = find_field(response, "Date");
  const WallTime date = (said_date == nullptr ? std::nullopt : parse_http_date(*said_date)).value_or(response_time);

  Freshness freshness;
  freshness.response_time = response_time;
  freshness.initial_age = initial_age(response, date, request_time, response_time);
  if (name == NameClass::immutable) {
    freshness.lifetime = kForEver;
    return freshness;
  }
  if (name == NameClass::mutable_name) return freshness;
  freshness.lifetime = lifetime_of(response, status, directives, date);
  // s-maxage forbids the stale too (RFC 9111 5.2.2.10).
  freshness.must_revalidate = directives.must_revalidate || directives.proxy_revalidate || directives.no_cache ||
                              directives.s_maxage.has_value();
  freshness.immutable = directives.immutable;
  freshness.stale_while_revalidate = directives.stale_while_revalidate.value_or(seconds(0));
  freshness.stale_if_error = directives.stale_if_error;
  return freshness;
}

seconds current_age(const Freshness& freshness, WallTime now) {
  const auto resident = std::chrono::duration_cast<seconds>(now - freshness.response_time);
  return freshness.initial_age + std::max(seconds(0), resident);
}

bool is_fresh(const Freshness& freshness, NameClass name, WallTime now) {
  if (name == NameClass::immutable) return true;
  if (name == NameClass::mutable_name) return false;
  return freshness.lifetime > current_age(freshness, now);
}

bool is_heuristically_cacheable(int status) {
  constexpr auto kStatuses = std::to_array({200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501});
  return std::find(kStatuses.begin(), kStatuses.end(), status) != kStatuses.end();
}

Use use_for(const Freshness& freshness, NameClass name, const RequestDirectives& request, WallTime now) {
  if (name == NameClass::immutable) return Use::as_it_is;
  if (name == NameClass::mutable_name || request.no_cache) return Use::after_asking;
  const seconds age = current_age(freshness, now);
  const seconds left = freshness.lifetime - age;
  if (left > seconds(0) && freshness.immutable) return Use::as_it_is;
  if (request.max_age && age > *request.max_age) return Use::after_asking;
  if (request.max_age == seconds(0)) return Use::after_asking;
  if (request.min_fresh && left < *request.min_fresh) return Use::after_asking;
  if (left > seconds(0)) return Use::as_it_is;
  if (freshness.must_revalidate) return Use::after_asking;
  if (request.max_stale && -left <= *request.max_stale) return Use::as_it_is;
  return -left < freshness.stale_while_revalidate ? Use::while_asking : Use::after_asking;
}

bool good_on_error(const Freshness& freshness, NameClass name, const RequestDirectives& request, WallTime now) {
  if (name != NameClass::ordinary) return true;
  if (freshness.must_revalidate || request.no_cache) return false;
  if (!freshness.stale_if_error && !request.stale_if_error) return true;
  const seconds allowed =
      std::max(freshness.stale_if_error.value_or(seconds(0)), request.stale_if_error.value_or(seconds(0)));
  return current_age(freshness, now) - freshness.lifetime <= allowed;
}

}  // namespace larder::cache
