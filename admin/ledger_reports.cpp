// SPDX-License-Identifier: MIT
// The reports: the ledger's rows as tables, as JSON or CSV.
#include <map>
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/ledger_tables.h"
#include "admin/query.h"
#include "admin/table.h"
#include "updates/canonical.h"
#include "updates/recognise.h"

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
  const auto saved =
      static_cast<std::int64_t>(summary.bytes_sent) - static_cast<std::int64_t>(summary.bytes_from_origin);
  Table table{
      {"requests", "bytes_sent", "bytes_from_origin", "bytes_from_origin_own", "hit_ratio_bytes", "hit_ratio_requests",
       "devices", "dropped_records", "saved_bytes", "saved_money", "currency", "saved_hours"},
      {{summary.requests, summary.bytes_sent, summary.bytes_from_origin, summary.bytes_from_origin_own,
        summary.hit_ratio_bytes, summary.hit_ratio_requests, summary.devices, summary.dropped_records, saved}}};
  const auto bytes = static_cast<double>(saved);
  const bool priced = worth.price_per_gb > 0;
  const bool timed = worth.line_bytes_per_second > 0;
  table.rows[0].push_back(priced ? Cell{bytes / 1e9 * worth.price_per_gb} : Cell{});
  table.rows[0].push_back(priced ? Cell{worth.currency} : Cell{});
  table.rows[0].push_back(timed ? Cell{bytes / static_cast<double>(worth.line_bytes_per_second) / 3600} : Cell{});
  return table;
}

Table table_of(const std::vector<reports::VersionRow>& rows) {
  Table table;
  table.columns = {"product",     "version",    "build",      "devices_complete", "devices_partly",
                   "first_fetch", "last_fetch", "bytes_sent", "requests"};
  for (const auto& row : rows) {
    table.rows.push_back({row.product, row.version, row.build, row.devices_complete, row.devices_partly,
                          to_cell(row.first_fetch), to_cell(row.last_fetch), row.bytes_sent, row.requests});
  }
  return table;
}

Table table_of(const std::vector<reports::DeviceRow>& rows) {
  Table table;
  table.columns = {"id",          "evidence", "serial",   "name",       "model",      "owner",    "group",
                   "host_name",   "address",  "mac",      "os",         "os_version", "os_build", "os_evidence",
                   "os_at_least", "os_time",  "requests", "bytes_sent", "first_seen", "last_seen"};
  for (const auto& row : rows) {
    table.rows.push_back({row.id,
                          std::string(to_string(row.evidence)),
                          row.serial,
                          row.name,
                          row.model,
                          row.owner,
                          row.group,
                          row.host_name,
                          row.address,
                          row.mac,
                          row.os,
                          row.os_version,
                          row.os_build,
                          std::string(to_string(row.os_evidence)),
                          row.os_at_least,
                          to_cell(row.os_time),
                          row.requests,
                          row.bytes_sent,
                          to_cell(row.first_seen),
                          to_cell(row.last_seen)});
  }
  return table;
}

Table table_of(const std::vector<reports::TrafficRow>& rows) {
  Table table;
  table.columns = {"hour", "product", "entrance", "requests", "bytes_sent", "bytes_from_origin"};
  for (const auto& row : rows) {
    table.rows.push_back({to_cell(row.hour), row.product, std::string(to_string(row.entrance)), row.requests,
                          row.bytes_sent, row.bytes_from_origin});
  }
  return table;
}

enum class TrafficBy { hour, day, product, entrance };

Result<TrafficBy> traffic_by(const Query& query) {
  const std::string by = query.text("by");
  if (by == "hour") return TrafficBy::hour;
  if (by == "day") return TrafficBy::day;
  if (by == "product") return TrafficBy::product;
  if (by == "entrance") return TrafficBy::entrance;
  return fail(ErrorKind::invalid, "by \"" + by + "\" is not known; write hour, day, product or entrance");
}

std::string group_of(const reports::TrafficRow& row, TrafficBy by) {
  if (by == TrafficBy::product) return row.product;
  if (by == TrafficBy::entrance) return std::string(to_string(row.entrance));
  const WallTime start = by == TrafficBy::day ? std::chrono::floor<std::chrono::days>(row.hour) : row.hour;
  return to_rfc3339(start);
}

// All rows of the filter added up by one of their columns, in its order. Reads page after page, so it holds no more
// rows than one page and the sums.
Result<Table> traffic_sums(reports::Ledger& ledger, Filter filter, TrafficBy by, std::string_view column) {
  struct Sums {
    std::uint64_t requests = 0, bytes_sent = 0, bytes_from_origin = 0;
  };
  std::map<std::string, Sums> groups;
  filter.limit = kRows;
  do {
    const auto page = ledger.traffic(filter);
    if (!page) return page.error();
    for (const reports::TrafficRow& row : page->items) {
      Sums& sums = groups[group_of(row, by)];
      sums.requests += row.requests;
      sums.bytes_sent += row.bytes_sent;
      sums.bytes_from_origin += row.bytes_from_origin;
    }
    filter.cursor = page->next_cursor;
  } while (!filter.cursor.empty());
  Table table;
  table.columns = {column, "requests", "bytes_sent", "bytes_from_origin"};
  for (const auto& [group, sums] : groups) {
    table.rows.push_back({group, sums.requests, sums.bytes_sent, sums.bytes_from_origin});
  }
  return table;
}

Table products_table(const std::vector<reports::DeviceProduct>& rows) {
  Table table;
  table.columns = {"product", "version", "build", "complete", "fraction", "first_fetch", "last_fetch", "bytes_sent"};
  for (const auto& row : rows) {
    table.rows.push_back({row.product, row.version, row.build, row.complete, row.fraction, to_cell(row.first_fetch),
                          to_cell(row.last_fetch), row.bytes_sent});
  }
  return table;
}

// How a file is known, as of now, and the builds that a delta starts from: "22H713, 22G90".
struct Known {
  std::string evidence;
  std::string from_builds;
};

Known known_of(const std::string& key, const updates::Knowledge& knowledge) {
  const auto url = updates::Url::parse(key);
  if (!url) return {std::string(updates::to_string(updates::Evidence::none)), {}};
  const updates::Recognition seen = updates::recognise(*url, knowledge);
  Known known{std::string(updates::to_string(seen.evidence)), {}};
  if (seen.audience) {
    for (const std::string& build : seen.audience->from_builds) {
      known.from_builds.append(known.from_builds.empty() ? "" : ", ").append(build);
    }
  }
  return known;
}

Table fetches_table(const std::vector<reports::FetchRecord>& fetches, const updates::Knowledge& knowledge) {
  Table table;
  table.columns = {
      "time",     "duration_ms", "client",       "entrance",   "url",         "product",    "version",
      "build",    "kind",        "answered",     "status",     "bytes_asked", "bytes_sent", "bytes_from_origin",
      "complete", "evidence",    "from_version", "from_builds"};
  for (const auto& fetch : fetches) {
    Known known = known_of(fetch.subject->url, knowledge);
    table.rows.push_back(
        {to_cell(fetch.time), static_cast<std::uint64_t>(fetch.duration.count() / 1000), fetch.client.text(),
         std::string(to_string(fetch.entrance)), fetch.subject->url, fetch.subject->product, fetch.subject->version,
         fetch.subject->build, std::string(to_string(fetch.subject->kind)), std::string(to_string(fetch.answered)),
         static_cast<std::uint64_t>(fetch.status), fetch.bytes_asked, fetch.bytes_sent, fetch.bytes_from_origin,
         fetch.complete, std::move(known.evidence), fetch.subject->from_version, std::move(known.from_builds)});
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

std::string next_page(const Request& request, const Query& query, const std::string& cursor) {
  std::string target = request.path + "?format=csv";
  for (const auto* name : {"from", "to", "product", "device", "group", "limit"}) {
    if (query.has(name)) target += std::string("&") + name + "=" + percent_encode(query.text(name));
  }
  return "<" + target + "&cursor=" + percent_encode(cursor) + ">; rel=\"next\"";
}

void report_summary(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"from", "to", "product", "device", "format"});
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
      request, reply, {"from", "to", "product", "device", "limit", "cursor", "format"},
      [&](const Filter& filter) { return desk.sources.ledger.versions(filter); }, table_of);
}

void report_devices(const Desk& desk, const Request& request, const Reply& reply) {
  answer_pages<reports::DeviceRow>(
      request, reply, {"from", "to", "product", "device", "group", "limit", "cursor", "format"},
      [&](const Filter& filter) { return desk.sources.ledger.devices(filter); }, table_of);
}

void report_traffic(const Desk& desk, const Request& request, const Reply& reply) {
  if (request.query.find("by=") == std::string::npos) {
    return answer_pages<reports::TrafficRow>(
        request, reply, {"from", "to", "product", "device", "limit", "cursor", "format"},
        [&](const Filter& filter) { return desk.sources.ledger.traffic(filter); }, table_of);
  }
  // Added up, all rows are on one page.
  const auto query = Query::parse(request.query, {"from", "to", "product", "device", "format", "by"});
  if (!query) return reply(problem(query.error()));
  const auto filter = query->filter();
  const auto as_csv = query->wants_csv();
  const auto by = traffic_by(*query);
  if (!filter || !as_csv) return reply(problem(filter ? as_csv.error() : filter.error()));
  if (!by) return reply(problem(by.error()));
  const std::string column = query->text("by");
  const auto table = traffic_sums(desk.sources.ledger, *filter, *by, column);
  if (!table) return reply(problem(table.error()));
  if (*as_csv) return reply(csv_response(*table));
  Response response;
  response.body = list_json(*table, "");
  reply(std::move(response));
}

void report_device(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const auto detail = desk.sources.ledger.device(request.parameter);
  if (!detail) return reply(problem(detail.error()));
  Json answer = row_json(table_of({detail->device}), 0);
  answer["products"] = rows_json(products_table(detail->products));
  answer["recent"] = rows_json(fetches_table(detail->recent, *desk.sources.knowledge()));
  Response response;
  response.body = dumped(answer);
  reply(std::move(response));
}

}  // namespace larder::admin
