// SPDX-License-Identifier: MIT
// What was changed, by whom, from where; and whether the record of it is whole.
#include <utility>

#include "admin/audit.h"
#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/ledger_tables.h"
#include "base/text.h"
#include "reports/page_cursor.h"

namespace larder::admin {
namespace {

Table table_of(const std::vector<AuditEntry>& entries) {
  Table table;
  table.columns = {"sequence", "time",   "who",     "address",      "agent",          "what",
                   "order",    "status", "problem", "milliseconds", "refused_besides"};
  for (const AuditEntry& entry : entries) {
    table.rows.push_back({entry.sequence, to_cell(entry.time), entry.who, entry.address, entry.agent, entry.what,
                          entry.order, static_cast<std::uint64_t>(entry.status), entry.problem, entry.milliseconds,
                          entry.refused_besides});
  }
  return table;
}

// Of the entry before which a page goes on; 0: it begins.
Result<std::uint64_t> sequence_of(const std::string& cursor) {
  if (cursor.empty()) return std::uint64_t{0};
  const auto bytes = reports::decode_page_cursor(cursor);
  if (!bytes) return bytes.error();
  const auto sequence = parse_decimal(*bytes);
  if (!sequence || *sequence == 0) return fail(ErrorKind::invalid, "the cursor is another report's; begin without it");
  return *sequence;
}

Response unrecorded() {
  return problem(404, "this Larder keeps no record of changes");
}

}  // namespace

void report_audit(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"from", "to", "limit", "cursor", "format"});
  if (!query) return reply(problem(query.error()));
  const auto filter = query->filter();
  const auto as_csv = query->wants_csv();
  if (!filter || !as_csv) return reply(problem(filter ? as_csv.error() : filter.error()));
  if (desk.audit == nullptr) return reply(unrecorded());
  const auto before = sequence_of(filter->cursor);
  if (!before) return reply(problem(before.error()));
  const bool all = *as_csv && !query->has("limit");
  const AuditPage page = desk.audit->page(filter->from, filter->to, *before, all ? kCsvRows : filter->limit);
  const std::string next = page.next_before == 0 ? "" : reports::encode_page_cursor(std::to_string(page.next_before));
  if (*as_csv) {
    Response response = csv_response(table_of(page.entries));
    if (!next.empty()) response.fields.emplace_back("Link", next_page(request, *query, next));
    return reply(std::move(response));
  }
  Response response;
  response.body = list_json(table_of(page.entries), next);
  reply(std::move(response));
}

void check_audit(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  if (desk.audit == nullptr) return reply(unrecorded());
  const AuditCheck check = desk.audit->check();
  Response response;
  response.body = dumped({{"entries", check.entries},
                          {"first", check.first},
                          {"broken_at", check.broken_at ? Json(*check.broken_at) : Json(nullptr)},
                          {"why", check.why.empty() ? Json(nullptr) : Json(check.why)}});
  reply(std::move(response));
}

}  // namespace larder::admin
