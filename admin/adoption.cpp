// SPDX-License-Identifier: MIT
// How the versions of products came to the devices, day by day.
#include "admin/handlers.h"
#include "admin/ledger_tables.h"

namespace larder::admin {

void report_adoption(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"from", "to", "product", "device", "group", "version", "format"});
  if (!query) return reply(problem(query.error()));
  const auto filter = query->filter();
  const auto as_csv = query->wants_csv();
  if (!filter || !as_csv) return reply(problem(filter ? as_csv.error() : filter.error()));
  const auto rows = desk.sources.ledger.adoption(*filter);
  if (!rows) return reply(problem(rows.error()));
  const std::string version = query->text("version");
  Table table;
  table.columns = {"product", "version", "build", "day", "devices_new", "devices_complete"};
  for (const reports::AdoptionRow& row : *rows) {
    if (!version.empty() && row.version != version) continue;
    table.rows.push_back(
        {row.product, row.version, row.build, to_cell(row.day), row.devices_new, row.devices_complete});
  }
  reply(whole_list(table, *as_csv));
}

}  // namespace larder::admin
