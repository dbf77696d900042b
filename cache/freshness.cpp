// SPDX-License-Identifier: MIT
#include "cache/freshness.h"

#include <algorithm>

#include "base/text.h"

namespace larder::cache {
namespace {

using std::chrono::seconds;

constexpr seconds kForEver = std::chrono::hours(24 * 365 * 100);
constexpr seconds kHeuristicMost = std::chrono::hours(24);
constexpr std::uint64_t kMostSeconds = 1ULL << 31U;  // RFC 9111 1.2.2: what is larger, or overflows, is this

const std::string* find(const Fields& fields, std::string_view name) {
  for (const auto& field : fields) {
    if (equals_ignoring_case(field.first, name)) return &field.second;
  }
  return nullptr;
}

std::string joined(const Fields& fields, std::string_view name) {
  std::string list;
  for (const auto& [other, value] : fields) {
    if (!equals_ignoring_case(other, name)) continue;
    if (!list.empty()) list += ',';
    list += value;
  }
  return list;
}

// The next list item up to a comma outside quotes.
std::string_view take_item(std::string_view& list) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < list.size() && (quoted || list[end] != ','); ++end) {
    if (list[end] == '"') quoted = !quoted;
  }
  const auto item = trim(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return item;
}

// delta-seconds, quoted or not. What is no number counts as 0: stale is the safe reading (RFC 9111 4.2.1).
seconds parse_delta(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return seconds(0);
  return seconds(static_cast<std::int64_t>(std::min(parse_decimal(text).value_or(kMostSeconds), kMostSeconds)));
}

struct Directives {
  std::optional<seconds> max_age;
  std::optional<seconds> s_maxage;
  bool no_store = false;
  bool no_cache = false;    // without field names
  bool is_private = false;  // without field names
  bool is_public = false;
  bool must_revalidate = false;
};

// Of a directive given twice with different values the smaller counts.
void take_least(std::optional<seconds>& least, seconds value) {
  least = least ? std::min(*least, value) : value;
}

void note(std::string_view name, std::string_view argument, Directives& directives) {
  const auto is = [&](std::string_view other) { return equals_ignoring_case(name, other); };
  if (is("max-age")) take_least(directives.max_age, parse_delta(argument));
  if (is("s-maxage")) take_least(directives.s_maxage, parse_delta(argument));
  if (is("no-store")) directives.no_store = true;
  if (is("no-cache") && argument.empty()) directives.no_cache = true;
  if (is("private") && argument.empty()) directives.is_private = true;
  if (is("public")) directives.is_public = true;
  if (is("must-revalidate") || is("proxy-revalidate")) directives.must_revalidate = true;
}

Directives read_directives(const Fields& response) {
  Directives directives;
  const std::string list = joined(response, "Cache-Control");
  for (std::string_view left = list; !left.empty();) {
    const auto item = take_item(left);
    const auto equals = std::min(item.find('='), item.size());
    note(trim(item.substr(0, equals)), trim(item.substr(std::min(equals + 1, item.size()))), directives);
  }
  return directives;
}

bool encoded(const Fields& response) {
  const auto* encoding = find(response, "Content-Encoding");
  return encoding != nullptr && !encoding->empty() && !equals_ignoring_case(*encoding, "identity");
}

// Larder asks origins without a client's own fields, so what varies only by encoding is one answer as long as it is not
// encoded. Of a name known to be an update's, so is what varies by anything else.
bool vary_allows(const Fields& response, NameClass name) {
  const std::string list = joined(response, "Vary");
  bool varies = false;
  for (std::string_view left = list; !left.empty();) {
    const auto item = take_item(left);
    if (item.empty()) continue;
    if (item == "*") return false;
    varies = true;
    if (name == NameClass::ordinary && !equals_ignoring_case(item, "Accept-Encoding")) return false;
  }
  return !varies || !encoded(response);
}

bool may_store(const Fields& response, int status, const Directives& directives, NameClass name,
               bool request_had_authorization) {
  if (status != 200 && status != 206) return false;
  if (!vary_allows(response, name)) return false;
  // RFC 9111 3.5. It holds for known names too: who may have the bytes is not told by their never changing.
  const bool shared = directives.is_public || directives.s_maxage || directives.must_revalidate;
  if (request_had_authorization && !shared) return false;
  return name != NameClass::ordinary || (!directives.no_store && !directives.is_private);
}

// 10 % of the time since the last change (RFC 9111 4.2.2), at most a day.
seconds heuristic(const Fields& response, WallTime date) {
  const auto* last_modified = find(response, "Last-Modified");
  const auto modified = last_modified == nullptr ? std::nullopt : parse_http_date(*last_modified);
  if (!modified || *modified >= date) return seconds(0);
  return std::min(std::chrono::duration_cast<seconds>(date - *modified) / 10, kHeuristicMost);
}

seconds lifetime_of(const Fields& response, const Directives& directives, WallTime date) {
  if (directives.no_cache) return seconds(0);
  if (directives.s_maxage) return *directives.s_maxage;
  if (directives.max_age) return *directives.max_age;
  const auto* expires = find(response, "Expires");
  if (expires == nullptr) return heuristic(response, date);
  const auto until = parse_http_date(*expires);
  if (!until || *until <= date) return seconds(0);
  return std::min(std::chrono::duration_cast<seconds>(*until - date), seconds(static_cast<std::int64_t>(kMostSeconds)));
}

// RFC 9111 4.2.3.
seconds initial_age(const Fields& response, WallTime date, WallTime request_time, WallTime response_time) {
  const auto* age = find(response, "Age");
  const seconds said = age == nullptr ? seconds(0) : parse_delta(*age);
  const auto apparent = std::chrono::duration_cast<seconds>(response_time - date);
  const auto delay = std::chrono::duration_cast<seconds>(response_time - request_time);
  return std::max({seconds(0), apparent, said + std::max(seconds(0), delay)});
}

}  // namespace

std::optional<Freshness> freshness_of(const Fields& response, int status, NameClass name,
                                      bool request_had_authorization, WallTime request_time, WallTime response_time) {
  const Directives directives = read_directives(response);
  if (!may_store(response, status, directives, name, request_had_authorization)) return std::nullopt;
  const auto* said_date = find(response, "Date");
  const WallTime date = (said_date == nullptr ? std::nullopt : parse_http_date(*said_date)).value_or(response_time);

  Freshness freshness;
  freshness.response_time = response_time;
  freshness.initial_age = initial_age(response, date, request_time, response_time);
  if (name == NameClass::immutable) {
    freshness.lifetime = kForEver;
    return freshness;
  }
  if (name == NameClass::mutable_name) return freshness;
  freshness.lifetime = lifetime_of(response, directives, date);
  // s-maxage forbids the stale too (RFC 9111 5.2.2.10).
  freshness.must_revalidate = directives.must_revalidate || directives.no_cache || directives.s_maxage.has_value();
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

}  // namespace larder::cache
