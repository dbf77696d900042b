// SPDX-License-Identifier: MIT
#include "proxy/query_origin.h"

#include <algorithm>

#include "base/text.h"
#include "proxy/authority.h"

namespace larder::proxy {
namespace {

// A key's item as found, still escaped.
struct Item {
  bool found = false;
  bool doubled = false;
  std::string_view value;
};

void note(Item& item, std::string_view value) {
  item.doubled = item.found;
  item.found = true;
  item.value = value;
}

struct Items {
  Item source;
  Item scheme;
  Item cache_host;
  std::string rest;

  bool none() const { return !source.found && !scheme.found && !cache_host.found; }
  bool doubled() const { return source.doubled || scheme.doubled || cache_host.doubled; }
};

Items sort_items(std::string_view query) {
  Items items;
  bool first = true;
  for (const auto item : split(query, '&')) {
    const auto equals = std::min(item.find('='), item.size());
    const auto name = item.substr(0, equals);
    const auto value = item.substr(std::min(equals + 1, item.size()));
    if (name == "source") {
      note(items.source, value);
    } else if (name == "sourceScheme") {
      note(items.scheme, value);
    } else if (name == "cacheHostOrigin") {
      note(items.cache_host, value);
    } else {
      if (!first) items.rest += '&';
      items.rest += item;
      first = false;
    }
  }
  return items;
}

Error bad(std::string message) {
  return fail(ErrorKind::invalid, std::move(message));
}

std::optional<Authority> read_host(std::string_view escaped) {
  const auto decoded = percent_decode(escaped);
  if (!decoded) return std::nullopt;
  return parse_authority(*decoded);
}

Result<QueryOrigin> read_source(Items items) {
  auto host = read_host(items.source.value);
  if (!host) return bad("source= in the query is not a host and port.");
  const auto decoded = percent_decode(items.scheme.value);
  std::string scheme = to_lower(decoded.value_or(""));
  if (items.scheme.found && scheme != "http" && scheme != "https") {
    return bad("sourceScheme= in the query is neither http nor https.");
  }
  if (!items.scheme.found) scheme = host->port == 443 ? "https" : "http";
  const std::uint16_t port = host->port.value_or(scheme == "https" ? 443 : 80);
  return QueryOrigin{QueryOrigin::Key::source, std::move(scheme), std::move(host->host), port, std::move(items.rest)};
}

Result<QueryOrigin> read_cache_host(Items items) {
  auto host = read_host(items.cache_host.value);
  if (!host) return bad("cacheHostOrigin= in the query is not a host.");
  const std::uint16_t port = host->port.value_or(80);
  return QueryOrigin{QueryOrigin::Key::cache_host_origin, "http", std::move(host->host), port, std::move(items.rest)};
}

}  // namespace

std::optional<Result<QueryOrigin>> read_query_origin(std::string_view query) {
  if (query.empty()) return std::nullopt;
  auto items = sort_items(query);
  if (items.none()) return std::nullopt;
  if (items.doubled()) return bad("The query names its origin twice.");
  if (items.cache_host.found && (items.source.found || items.scheme.found)) {
    return bad("The query has both source= and cacheHostOrigin=.");
  }
  if (items.cache_host.found) return read_cache_host(std::move(items));
  if (!items.source.found) return bad("The query has sourceScheme= but no source=.");
  return read_source(std::move(items));
}

}  // namespace larder::proxy
