// SPDX-License-Identifier: MIT
// The devices, one device, and single fetches.
#include <algorithm>
#include <iterator>
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/ledger_tables.h"
#include "updates/canonical.h"
#include "updates/recognise.h"

namespace larder::admin {
namespace {

using reports::Filter;

Cell newest_cell(const std::vector<reports::NewestVersion>& versions) {
  Table table{{"product", "version", "build"}, {}};
  for (const auto& newest : versions) table.rows.push_back({newest.product, newest.version, newest.build});
  return std::make_shared<const Table>(std::move(table));
}

Table devices_table(const std::vector<reports::DeviceRow>& rows) {
  Table table;
  table.columns = {"id",          "evidence", "serial",   "name",       "model",      "owner",     "group",
                   "host_name",   "address",  "mac",      "os",         "os_version", "os_build",  "os_evidence",
                   "os_at_least", "os_time",  "requests", "bytes_sent", "first_seen", "last_seen", "newest"};
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
                          to_cell(row.last_seen),
                          newest_cell(row.newest)});
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

// As a device's own, with whose they are in front.
Table table_of(const std::vector<reports::FetchRow>& rows, const updates::Knowledge& knowledge) {
  std::vector<reports::FetchRecord> fetches;
  fetches.reserve(rows.size());
  std::transform(rows.begin(), rows.end(), std::back_inserter(fetches), [](const auto& row) { return row.fetch; });
  Table table = fetches_table(fetches, knowledge);
  table.columns.insert(table.columns.begin(), {"device", "device_evidence"});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& cells = table.rows[i];
    cells.insert(cells.begin(), {rows[i].device, std::string(to_string(rows[i].evidence))});
  }
  return table;
}

}  // namespace

void report_devices(const Desk& desk, const Request& request, const Reply& reply) {
  answer_pages<reports::DeviceRow>(
      request, reply, {"from", "to", "product", "device", "group", "limit", "cursor", "format"},
      [&](const Filter& filter) { return desk.sources.ledger.devices(filter); }, devices_table);
}

void report_fetches(const Desk& desk, const Request& request, const Reply& reply) {
  const auto knowledge = desk.sources.knowledge();
  answer_pages<reports::FetchRow>(
      request, reply, {"from", "to", "product", "device", "group", "limit", "cursor", "format"},
      [&](const Filter& filter) { return desk.sources.ledger.fetches(filter); },
      [&](const std::vector<reports::FetchRow>& rows) { return table_of(rows, *knowledge); });
}

void report_device(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const auto detail = desk.sources.ledger.device(request.parameter);
  if (!detail) return reply(problem(detail.error()));
  Json answer = row_json(devices_table({detail->device}), 0);
  answer["products"] = rows_json(products_table(detail->products));
  answer["recent"] = rows_json(fetches_table(detail->recent, *desk.sources.knowledge()));
  Response response;
  response.body = dumped(answer);
  reply(std::move(response));
}

}  // namespace larder::admin
