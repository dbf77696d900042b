// SPDX-License-Identifier: MIT
#include "proxy/conditional.h"

#include <algorithm>

#include "base/text.h"
#include "cache/freshness.h"

namespace larder::proxy {
namespace {

std::string_view opaque(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

// Takes the next entity tag off a list; "" at its end and where it is malformed. Commas may stand inside the quotes, so
// a list cannot simply be split.
std::string_view take_etag(std::string_view& list) {
  const auto begin = list.find_first_not_of(" \t,");
  if (begin == std::string_view::npos) return {};
  list.remove_prefix(begin);
  const std::size_t open = list.starts_with("W/") ? 2 : 0;
  if (open >= list.size() || list[open] != '"') return {};
  const auto close = list.find('"', open + 1);
  if (close == std::string_view::npos) return {};
  const auto tag = list.substr(0, close + 1);
  list.remove_prefix(close + 1);
  return tag;
}

template <class Same>
bool is_current(std::string_view tag, const CurrentValidators& current, Same same) {
  if (!current.etag.empty() && same(tag, current.etag)) return true;
  return std::any_of(current.other_etags.begin(), current.other_etags.end(),
                     [&](const std::string& other) { return same(tag, other); });
}

template <class Same>
bool list_names_current(const std::string& list, const CurrentValidators& current, Same same) {
  std::string_view left = list;
  if (trim(left) == "*") return true;
  for (auto tag = take_etag(left); !tag.empty(); tag = take_etag(left)) {
    if (is_current(tag, current, same)) return true;
  }
  return false;
}

// Nothing when one of the dates is missing or malformed.
std::optional<bool> modified_after(std::string_view since, std::string_view last_modified) {
  const auto then = cache::parse_http_date(since);
  const auto modified = cache::parse_http_date(last_modified);
  if (!then || !modified) return std::nullopt;
  return *modified > *then;
}

bool unmodified_holds(const RequestHead& head, const CurrentValidators& current) {
  if (head.has(FieldName::if_match)) return list_names_current(head.joined("If-Match"), current, same_strong_etag);
  if (!head.has(FieldName::if_unmodified_since)) return true;
  return !modified_after(head.find("If-Unmodified-Since"), current.last_modified).value_or(false);
}

bool changed(const RequestHead& head, const CurrentValidators& current, bool reading) {
  if (head.has(FieldName::if_none_match))
    return !list_names_current(head.joined("If-None-Match"), current, same_weak_etag);
  if (!reading || !head.has(FieldName::if_modified_since)) return true;
  const auto last = current.last_modified.empty() ? current.date : current.last_modified;
  return modified_after(head.find("If-Modified-Since"), last).value_or(true);
}

bool date_is_strong(const CurrentValidators& current) {
  const auto modified = cache::parse_http_date(current.last_modified);
  return modified && current.received && *modified + std::chrono::seconds(1) <= *current.received;
}

}  // namespace

Condition evaluate_conditions(const RequestHead& head, const CurrentValidators& current) {
  const bool reading = head.method == "GET" || head.method == "HEAD";
  if (!unmodified_holds(head, current)) return Condition::precondition_failed;
  if (changed(head, current, reading)) return Condition::proceed;
  return reading ? Condition::not_modified : Condition::precondition_failed;
}

bool if_range_holds(std::string_view value, const CurrentValidators& current) {
  value = trim(value);
  if (value.starts_with('"') || value.starts_with("W/")) {
    std::string_view rest = value;
    return take_etag(rest) == value && is_current(value, current, same_strong_etag);
  }
  return !value.empty() && value == current.last_modified && date_is_strong(current);
}

bool same_strong_etag(std::string_view a, std::string_view b) {
  return !a.starts_with("W/") && a == b;
}

bool same_weak_etag(std::string_view a, std::string_view b) {
  return opaque(a) == opaque(b);
}

}  // namespace larder::proxy
