// SPDX-License-Identifier: MIT
// Any request's path and query, the first line the one, the second the other: no route is found by two readings, what
// is read of a query is within its limits, and a time that is read is one that can be written.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "admin/json.h"
#include "admin/limits.h"
#include "admin/query.h"
#include "admin/routes.h"
#include "base/time_text.h"

using namespace larder::admin;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void try_query(std::string_view text) {
  const auto query = Query::parse(text, {"from", "to", "product", "device", "limit", "cursor", "format"});
  if (!query) {
    require(!query.error().message.empty());
    return;
  }
  if (const auto limit = query->limit()) require(*limit >= 1 && *limit <= kRows);
  if (const auto filter = query->filter()) require(filter->limit <= kRows || filter->limit == kCsvRows);
  (void)query->wants_csv();
}

void try_path(std::string_view path) {
  for (const std::string_view method : {"GET", "HEAD", "POST", "DELETE"}) {
    const Match match = find_route(method, path);
    if (match.route != nullptr)
      require(match.parameter.empty() || match.route->path.find('{') != std::string_view::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = text.find('\n');
  try_path(text.substr(0, line));
  if (line != std::string_view::npos) try_query(text.substr(line + 1));
  (void)larder::parse_time(text);
  const Json body = Json::parse(text, nullptr, false);
  if (!body.is_discarded()) (void)body.dump(-1, ' ', false, Json::error_handler_t::replace);
  return 0;
}
