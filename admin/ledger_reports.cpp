// SPDX-License-Identifier: MIT
// The summary and the versions, and what reports that come in pages share.
#include <utility>

#include "admin/handlers.h"
#include "admin/ledger_tables.h"
#include "admin/query.h"
#include "admin/table.h"

namespace larder::admin {
namespace {

using reports::Filter;

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                       byte == '-' || byte == '_' || byte == '.';
    if (plain) {
      out.push_back(c);
    } else {
      out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out;
}

// What was saved is less than nothing when more came over the line than went to devices: brought in beforehand, or
// broken off.
Table summary_table(const reports::Summary& summary, const config::ReportsConfig& worth) {
  const std::int64_t saved = summary.bytes_saved;
  Table table{
      {"requests", "bytes_sent", "bytes_from_origin", "bytes_from_origin_own", "hit_ratio_bytes", "hit_ratio_requests",
       "devices", "dropped_records", "saved_bytes", "saved_money", "currency", "saved_hours"},
      {{summary.requests, summary.bytes_sent, summary.bytes_from_origin, summary.bytes_from_origin_own,
        summary.hit_ratio_bytes, summary.hit_ratio_requests, summary.devices, summary.dropped_records, saved}}};
  const auto bytes = static_cast<double>(saved);
  Cell money, currency, hours;
  if (worth.price_per_gb > 0) {
    money = bytes / 1e9 * worth.price_per_gb;
    currency = worth.currency;
  }
  if (worth.line_bytes_per_second > 0) {
    hours = bytes / static_cast<double>(worth.line_bytes_per_second) / 3600;
  }
  for (Cell* cell : {&money, &currency, &hours}) table.rows[0].push_back(std::move(*cell));
  return table;
}

Table versions_table(const std::vector<reports::VersionRow>& rows) {
  Table table;
  table.columns = {"product",     "version",    "build",      "devices_complete", "devices_partly",
                   "first_fetch", "last_fetch", "bytes_sent", "requests"};
  for (const auto& row : rows) {
    table.rows.push_back({row.product, row.version, row.build, row.devices_complete, row.devices_partly,
                          to_cell(row.first_fetch), to_cell(row.last_fetch), row.bytes_sent, row.requests});
  }
  return table;
}

}  // namespace

Response csv_response(const Table& table) {
  Response response;
  response.content_type = "text/csv; charset=utf-8; header=present";
  response.body = csv(table);
  return response;
}

Response whole_list(const Table& table, bool as_csv) {
  if (as_csv) return csv_response(table);
  Response response;
  response.body = list_json(table, "");
  return response;
}

std::string next_page(const Request& request, const Query& query, const std::string& cursor) {
  std::string target = request.path + "?format=csv";
  for (const auto* name : {"from", "to", "product", "device", "group", "limit"}) {
    if (query.has(name)) target += std::string("&") + name + "=" + percent_encode(query.text(name));
  }
  return "<" + target + "&cursor=" + percent_encode(cursor) + ">; rel=\"next\"";
}

void report_summary(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"from", "to", "product", "device", "group", "format"});
  if (!query) return reply(problem(query.error()));
  const auto filter = query->filter();
  const auto as_csv = query->wants_csv();
  if (!filter || !as_csv) return reply(problem(filter ? as_csv.error() : filter.error()));
  const auto summary = desk.sources.ledger.summary(*filter);
  if (!summary) return reply(problem(summary.error()));
  if (*as_csv) return reply(csv_response(summary_table(*summary, desk.config->reports)));
  Response response;
  response.body = object_json(summary_table(*summary, desk.config->reports));
  reply(std::move(response));
}

void report_versions(const Desk& desk, const Request& request, const Reply& reply) {
  answer_pages<reports::VersionRow>(
      request, reply, {"from", "to", "product", "device", "group", "limit", "cursor", "format"},
      [&](const Filter& filter) { return desk.sources.ledger.versions(filter); }, versions_table);
}

}  // namespace larder::admin
