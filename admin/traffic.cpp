// SPDX-License-Identifier: MIT
// Traffic: by hour, product and entrance together, or added up by one thing alone.
#include <map>
#include <utility>

#include "admin/handlers.h"
#include "admin/ledger_tables.h"

namespace larder::admin {
namespace {

using reports::Filter;

Table hours_table(const std::vector<reports::TrafficRow>& rows) {
  Table table;
  table.columns = {"hour", "product", "entrance", "requests", "bytes_sent", "bytes_from_origin", "saved_bytes"};
  for (const auto& row : rows) {
    table.rows.push_back({to_cell(row.hour), row.product, std::string(to_string(row.entrance)), row.requests,
                          row.bytes_sent, row.bytes_from_origin, row.bytes_saved});
  }
  return table;
}

enum class TrafficBy { hour, day, product, entrance, origin, network };

Result<TrafficBy> traffic_by(const Query& query) {
  const std::string by = query.text("by");
  if (by == "hour") return TrafficBy::hour;
  if (by == "day") return TrafficBy::day;
  if (by == "product") return TrafficBy::product;
  if (by == "entrance") return TrafficBy::entrance;
  if (by == "origin") return TrafficBy::origin;
  if (by == "network") return TrafficBy::network;
  return fail(ErrorKind::invalid,
              "by \"" + by + "\" is not known; write hour, day, product, entrance, origin or network");
}

std::string group_of(const reports::TrafficRow& row, TrafficBy by) {
  if (by == TrafficBy::product) return row.product;
  if (by == TrafficBy::entrance) return std::string(to_string(row.entrance));
  const WallTime start = by == TrafficBy::day ? std::chrono::floor<std::chrono::days>(row.hour) : row.hour;
  return to_rfc3339(start);
}

struct Sums {
  std::uint64_t requests = 0, bytes_sent = 0, bytes_from_origin = 0;
  std::int64_t bytes_saved = 0;

  template <class Row>
  void add(const Row& row) {
    requests += row.requests;
    bytes_sent += row.bytes_sent;
    bytes_from_origin += row.bytes_from_origin;
    bytes_saved += row.bytes_saved;
  }
};

// Reads page after page, so it holds no more rows than one page and the sums.
Result<std::map<std::string, Sums>> sums_of_hours(reports::Ledger& ledger, Filter filter, TrafficBy by) {
  std::map<std::string, Sums> groups;
  filter.limit = kRows;
  do {
    const auto page = ledger.traffic(filter);
    if (!page) return page.error();
    for (const reports::TrafficRow& row : page->items) groups[group_of(row, by)].add(row);
    filter.cursor = page->next_cursor;
  } while (!filter.cursor.empty());
  return groups;
}

Result<std::map<std::string, Sums>> sums_of_places(reports::Ledger& ledger, const Filter& filter, TrafficBy by) {
  const auto rows = ledger.places(filter);
  if (!rows) return rows.error();
  std::map<std::string, Sums> groups;
  for (const reports::PlaceRow& row : *rows) groups[by == TrafficBy::origin ? row.origin : row.network].add(row);
  return groups;
}

// All rows of the filter added up by one of their columns, in its order.
Result<Table> traffic_sums(reports::Ledger& ledger, const Filter& filter, TrafficBy by, std::string_view column) {
  const bool place = by == TrafficBy::origin || by == TrafficBy::network;
  const auto groups = place ? sums_of_places(ledger, filter, by) : sums_of_hours(ledger, filter, by);
  if (!groups) return groups.error();
  Table table;
  table.columns = {column, "requests", "bytes_sent", "bytes_from_origin", "saved_bytes"};
  for (const auto& [group, sums] : *groups) {
    table.rows.push_back({group, sums.requests, sums.bytes_sent, sums.bytes_from_origin, sums.bytes_saved});
  }
  return table;
}

}  // namespace

void report_traffic(const Desk& desk, const Request& request, const Reply& reply) {
  if (request.query.find("by=") == std::string::npos) {
    return answer_pages<reports::TrafficRow>(
        request, reply, {"from", "to", "product", "device", "group", "limit", "cursor", "format"},
        [&](const Filter& filter) { return desk.sources.ledger.traffic(filter); }, hours_table);
  }
  // Added up, all rows are on one page.
  const auto query = Query::parse(request.query, {"from", "to", "product", "device", "group", "format", "by"});
  if (!query) return reply(problem(query.error()));
  const auto filter = query->filter();
  const auto as_csv = query->wants_csv();
  const auto by = traffic_by(*query);
  if (!filter || !as_csv) return reply(problem(filter ? as_csv.error() : filter.error()));
  if (!by) return reply(problem(by.error()));
  const std::string column = query->text("by");
  const auto table = traffic_sums(desk.sources.ledger, *filter, *by, column);
  if (!table) return reply(problem(table.error()));
  reply(whole_list(*table, *as_csv));
}

}  // namespace larder::admin
