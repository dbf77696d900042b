// SPDX-License-Identifier: MIT
#include "cache/cache_control.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "cache/dictionary.h"

namespace larder::cache {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kMostSeconds = 1ULL << 31U;
constexpr std::array<std::string_view, 2> kTargets{"Larder-Cache-Control", "CDN-Cache-Control"};

struct Directive {
  std::string name;                     // lower case
  std::optional<std::string> argument;  // without its quotes
};

std::string unquoted(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string plain;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    plain += text[i];
  }
  return plain;
}

// "name" or "name=argument". Spaces about the "=" make an argument that no number is.
Directive parse_directive(std::string_view item) {
  const auto equals = item.find('=');
  if (equals == std::string_view::npos) return {to_lower(item), std::nullopt};
  const auto name = item.substr(0, equals);
  const auto argument = item.substr(equals + 1);
  const bool spaced = trim(name) != name || trim(argument) != argument;
  return {to_lower(trim(name)), spaced ? " " : unquoted(argument)};
}

std::vector<Directive> parse_list(std::string_view list) {
  std::vector<Directive> directives;
  while (!list.empty()) {
    const auto item = take_item(list);
    if (!item.empty()) directives.push_back(parse_directive(item));
  }
  return directives;
}

void take_first(std::optional<seconds>& value, const Directive& directive) {
  if (!value) value = parse_delta(directive.argument.value_or(""));
}

// private and no-cache speak of the whole answer, or of the fields they name.
void note_fields(const Directive& directive, bool& whole, std::vector<std::string>& names) {
  const std::size_t before = names.size();
  const std::string argument = directive.argument.value_or("");
  for (const auto name : split(argument, ',')) {
    if (!trim(name).empty()) names.emplace_back(trim(name));
  }
  if (names.size() == before) whole = true;
}

void note(const Directive& directive, ResponseDirectives& to) {
  const std::string& name = directive.name;
  if (name == "max-age") take_first(to.max_age, directive);
  if (name == "s-maxage") take_first(to.s_maxage, directive);
  if (name == "stale-while-revalidate") take_first(to.stale_while_revalidate, directive);
  if (name == "stale-if-error") take_first(to.stale_if_error, directive);
  if (name == "no-store") to.no_store = true;
  if (name == "no-cache") note_fields(directive, to.no_cache, to.withheld);
  if (name == "private") note_fields(directive, to.is_private, to.withheld);
  if (name == "public") to.is_public = true;
  if (name == "must-revalidate") to.must_revalidate = true;
  if (name == "proxy-revalidate") to.proxy_revalidate = true;
  if (name == "must-understand") to.must_understand = true;
  if (name == "immutable") to.immutable = true;
}

// A member of a targeted field as a directive; nothing for what is switched off ("no-store=?0").
std::optional<Directive> directive_of(const DictionaryMember& member) {
  switch (member.kind) {
    case DictionaryMember::Kind::yes:
      return Directive{member.key, std::nullopt};
    case DictionaryMember::Kind::no:
      return std::nullopt;
    case DictionaryMember::Kind::integer:
    case DictionaryMember::Kind::token:
      return Directive{member.key, member.value};
    case DictionaryMember::Kind::string:
      // A number is no string there, other than in Cache-Control: RFC 9213 2.1.
      return Directive{member.key, parse_decimal(member.value) ? " " : member.value};
    case DictionaryMember::Kind::other:
      return Directive{member.key, " "};
  }
  return std::nullopt;
}

std::optional<std::vector<Directive>> targeted(const Fields& response) {
  for (const auto name : kTargets) {
    const auto members = parse_dictionary(joined(response, name));
    if (!members || members->empty()) continue;
    std::vector<Directive> directives;
    for (const DictionaryMember& member : *members) {
      if (auto directive = directive_of(member)) directives.push_back(std::move(*directive));
    }
    return directives;
  }
  return std::nullopt;
}

}  // namespace

ResponseDirectives response_directives(const Fields& response) {
  ResponseDirectives to;
  auto directives = targeted(response);
  to.targeted = directives.has_value();
  if (!directives) directives = parse_list(joined(response, "Cache-Control"));
  for (const Directive& directive : *directives) note(directive, to);
  return to;
}

RequestDirectives request_directives(std::string_view cache_control, std::string_view pragma) {
  RequestDirectives to;
  if (cache_control.empty()) {
    for (const Directive& directive : parse_list(pragma)) to.no_cache = to.no_cache || directive.name == "no-cache";
    return to;
  }
  for (const Directive& directive : parse_list(cache_control)) {
    const std::string& name = directive.name;
    if (name == "max-age") take_first(to.max_age, directive);
    if (name == "min-fresh") take_first(to.min_fresh, directive);
    if (name == "stale-if-error") take_first(to.stale_if_error, directive);
    if (name == "max-stale" && directive.argument) take_first(to.max_stale, directive);
    if (name == "max-stale" && !directive.argument && !to.max_stale) to.max_stale = seconds(kMostSeconds);
    if (name == "no-cache") to.no_cache = true;
    if (name == "no-store") to.no_store = true;
    if (name == "only-if-cached") to.only_if_cached = true;
  }
  return to;
}

std::string joined(const Fields& fields, std::string_view name) {
  std::string list;
  for (const auto& [other, value] : fields) {
    if (!equals_ignoring_case(other, name)) continue;
    if (!list.empty()) list += ", ";
    list += value;
  }
  return list;
}

const std::string* find_field(const Fields& fields, std::string_view name) {
  for (const auto& field : fields) {
    if (equals_ignoring_case(field.first, name)) return &field.second;
  }
  return nullptr;
}

std::string_view take_item(std::string_view& list) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < list.size() && (quoted || list[end] != ','); ++end) {
    if (quoted && list[end] == '\\') {
      ++end;
    } else if (list[end] == '"') {
      quoted = !quoted;
    }
  }
  end = std::min(end, list.size());
  const auto item = trim(list.substr(0, end));
  list.remove_prefix(std::min(end + 1, list.size()));
  return item;
}

seconds parse_delta(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return seconds(0);
  return seconds(static_cast<std::int64_t>(std::min(parse_decimal(text).value_or(kMostSeconds), kMostSeconds)));
}

}  // namespace larder::cache
