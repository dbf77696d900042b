// SPDX-License-Identifier: MIT
#include "admin/query.h"

#include <algorithm>
#include <utility>

#include "admin/limits.h"
#include "base/text.h"
#include "base/time_text.h"

namespace larder::admin {
namespace {

constexpr std::size_t kRowsByDefault = 100;

std::optional<std::string> decode(std::string_view text) {
  std::string spaced(text);
  std::replace(spaced.begin(), spaced.end(), '+', ' ');  // as forms and URLSearchParams write spaces
  auto decoded = percent_decode(spaced);
  if (!decoded || !is_printable_utf8(*decoded)) return std::nullopt;
  return decoded;
}

std::string listed(std::initializer_list<std::string_view> names) {
  if (names.size() == 0) return "this address takes no parameters";
  std::string text = "known here: ";
  for (const auto name : names) text += (text.ends_with(' ') ? "" : ", ") + std::string(name);
  return text;
}

}  // namespace

Result<Query> Query::parse(std::string_view text, std::initializer_list<std::string_view> known) {
  Query query;
  if (text.empty()) return query;
  for (const auto pair : split(text, '&')) {
    const auto equals = pair.find('=');
    const auto name = decode(pair.substr(0, equals));
    const auto value = decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1));
    if (!name || !value) return fail(ErrorKind::invalid, "the query has a malformed escape or control characters");
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      return fail(ErrorKind::invalid, "there is no parameter \"" + *name + "\"; " + listed(known));
    }
    if (!query.values_.emplace(*name, *value).second) {
      return fail(ErrorKind::invalid, "the parameter \"" + *name + "\" is there twice; send it once");
    }
  }
  return query;
}

std::string Query::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string{} : found->second;
}

Result<bool> Query::wants_csv() const {
  const std::string format = text("format");
  if (format == "csv") return true;
  if (format.empty() || format == "json") return false;
  return fail(ErrorKind::invalid, "format \"" + format + "\" is not known; write csv or json");
}

Result<std::size_t> Query::limit() const {
  if (!has("limit")) return kRowsByDefault;
  const auto limit = parse_decimal(text("limit"));
  if (limit && *limit >= 1 && *limit <= kRows) return static_cast<std::size_t>(*limit);
  return fail(ErrorKind::invalid, "limit must be a number from 1 to " + std::to_string(kRows));
}

Result<reports::Filter> Query::filter() const {
  reports::Filter filter;
  for (const auto& [name, time] : {std::pair("from", &filter.from), std::pair("to", &filter.to)}) {
    if (!has(name)) continue;
    *time = parse_time(text(name));
    if (!*time) {
      return fail(ErrorKind::invalid, std::string(name) + " \"" + text(name) +
                                          "\" is not a time; write 2026-08-17T15:04:05Z or 2026-08-17");
    }
  }
  if (filter.from && filter.to && *filter.from > *filter.to) {
    return fail(ErrorKind::invalid, "from is later than to; exchange them");
  }
  const auto limit = this->limit();
  if (!limit) return limit.error();
  filter.limit = *limit;
  filter.product = text("product");
  filter.device = text("device");
  filter.group = text("group");
  filter.cursor = text("cursor");
  return filter;
}

}  // namespace larder::admin
