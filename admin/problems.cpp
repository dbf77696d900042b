// SPDX-License-Identifier: MIT
// Problems, each with what to do: what is wrong with the house now, and what went wrong for devices in a time.
#include <algorithm>
#include <utility>

#include "admin/handlers.h"
#include "admin/ledger_tables.h"
#include "admin/standing_problems.h"
#include "base/bytes.h"
#include "updates/hosts.h"

namespace larder::admin {
namespace {

using reports::Outcome;
using reports::TroubleRow;

struct Row {
  std::string kind;
  std::string what;
  std::string remedy;
  WallTime first{}, last{};
  std::string origin{};
  std::string entrance{};
  std::uint64_t count = 1;
  std::uint64_t bytes_sent = 0;
  std::optional<std::uint64_t> status{};
  std::string url{};
  std::string product{}, version{};
  std::string device{};
};

Cell text_or_nothing(const std::string& text) {
  return text.empty() ? Cell{} : Cell{text};
}

Table table_of(const std::vector<Row>& rows) {
  Table table;
  table.columns = {"kind",  "what",       "remedy", "first", "last",    "origin",  "entrance",
                   "count", "bytes_sent", "status", "url",   "product", "version", "device"};
  for (const Row& row : rows) {
    table.rows.push_back({row.kind, row.what, row.remedy, to_cell(row.first), to_cell(row.last),
                          text_or_nothing(row.origin), text_or_nothing(row.entrance), row.count, row.bytes_sent,
                          row.status ? Cell{*row.status} : Cell{}, text_or_nothing(row.url),
                          text_or_nothing(row.product), text_or_nothing(row.version), text_or_nothing(row.device)});
  }
  return table;
}

// ---- now ----

void add_standing(const Desk& desk, const LiveStatus& live, std::vector<Row>& rows) {
  const WallTime now = desk.sources.clock.now();
  for (Problem& problem : standing_problems(desk, live)) {
    rows.push_back({"house", std::move(problem.what), std::move(problem.remedy), {}, now});
  }
  for (const RestingOrigin& origin : live.origins_at_rest) {
    Row row{"origin", origin.origin + " is left alone for now: " + origin.why,
            (origin.next_try_seconds > 0 ? "It is tried again in " + std::to_string(origin.next_try_seconds) + " s"
                                         : std::string("The next request tries it again")) +
                "; devices get what is held, or go to the vendor. If it stays so, look at the line, the firewall and "
                "the nameserver.",
            origin.since, now};
    row.origin = origin.origin;
    row.count = origin.failures;
    rows.push_back(std::move(row));
  }
  for (const proxy::MauState& state :
       desk.sources.manifests ? desk.sources.manifests() : std::vector<proxy::MauState>{}) {
    if (state.held.empty()) continue;
    Row row{"catalogue",
            (state.product.empty() ? state.app_id : state.product) + " (" + state.channel +
                "): a release is held back: " + state.held,
            "It is shown to devices when the origin has confirmed it for updates.holdoff. Nothing needs to be done.",
            state.held_since, now};
    row.product = state.product;
    row.version = state.held_version;
    rows.push_back(std::move(row));
  }
}

void add_mismatches(const LiveStatus& live, const reports::Filter& filter, std::vector<Row>& rows) {
  for (const proxy::Mismatch& mismatch : live.mismatches) {
    if ((filter.from && mismatch.time < *filter.from) || (filter.to && mismatch.time >= *filter.to)) continue;
    if (!filter.product.empty() && filter.product != mismatch.product) continue;
    Row row{"mismatch", "a download was not what a catalogue publishes: " + mismatch.why,
            "It was not kept. If it goes on, ask the vendor or whoever runs a proxy on the line.", mismatch.time,
            mismatch.time};
    row.url = mismatch.url;
    row.product = mismatch.product;
    row.version = mismatch.version;
    rows.push_back(std::move(row));
  }
}

// ---- in a time ----

std::string times(std::uint64_t count) {
  return count == 1 ? "1 request" : std::to_string(count) + " requests";
}

std::string at_origin(const TroubleRow& trouble) {
  return trouble.origin.empty() ? "" : " for " + trouble.origin;
}

std::string remedy_of_refusal(std::uint64_t status) {
  constexpr std::uint64_t kForbidden = 403;
  constexpr std::uint64_t kMisdirected = 421;
  constexpr std::uint64_t kNotFound = 404;
  if (status == kForbidden) {
    return "Either the client's network is not in access.clients, or the host is no origin: name it in "
           "[[origins.host]] if devices are to get it here, else take it out of their proxy settings.";
  }
  if (status == kMisdirected || status == kNotFound) {
    return "The path means nothing at this entrance: the profile's address is wrong, or the file is gone at the "
           "vendor.";
  }
  return "The newest says why, by its status; docs/operating.md lists them.";
}

// What went by https unread and could have been kept: of hosts that give out updates.
bool could_be_kept(const TroubleRow& trouble) {
  const std::string host = trouble.origin.substr(0, trouble.origin.find(':'));
  return trouble.outcome == Outcome::served && trouble.bytes_sent > 0 && updates::find_host(host) != nullptr;
}

std::string remedy_of_tunnel(const TroubleRow& trouble) {
  const updates::Host* host = updates::find_host(trouble.origin.substr(0, trouble.origin.find(':')));
  const bool microsoft = host != nullptr && host->vendor == updates::Vendor::microsoft;
  return microsoft ? "Let AutoUpdate ask Larder itself: larder profile mau."
                   : "Let devices ask Larder as a content cache: larder profile content-cache.";
}

void add_troubles(const std::vector<TroubleRow>& troubles, std::vector<Row>& rows) {
  for (const TroubleRow& trouble : troubles) {
    Row row;
    if (trouble.example) {
      const reports::FetchRecord& fetch = trouble.example->fetch;
      row.status = static_cast<std::uint64_t>(fetch.status);
      row.url = fetch.subject->url;
      row.product = fetch.subject->product;
      row.version = fetch.subject->version;
      row.device = trouble.example->device;
    }
    if (trouble.outcome == Outcome::refused) {
      row.kind = "refused";
      row.what = times(trouble.requests) + at_origin(trouble) + " refused";
      row.remedy = remedy_of_refusal(row.status.value_or(0));
    } else if (trouble.outcome == Outcome::failed) {
      row.kind = "failed";
      row.what = times(trouble.requests) + at_origin(trouble) + " failed";
      row.remedy = "The origin did not answer, or broke off for good: larder doctor asks it and says what is wrong.";
    } else if (could_be_kept(trouble)) {
      row.kind = "unread";
      row.what = format_bytes(trouble.bytes_sent) + " of " + trouble.origin + " went by https, which nobody can keep";
      row.remedy = remedy_of_tunnel(trouble);
    } else {
      continue;
    }
    row.first = trouble.first;
    row.last = trouble.last;
    row.origin = trouble.origin;
    row.entrance = std::string(to_string(trouble.entrance));
    row.count = trouble.requests;
    row.bytes_sent = trouble.bytes_sent;
    rows.push_back(std::move(row));
  }
}

}  // namespace

void report_problems(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"from", "to", "product", "device", "group", "format"});
  if (!query) return reply(problem(query.error()));
  const auto filter = query->filter();
  const auto as_csv = query->wants_csv();
  if (!filter || !as_csv) return reply(problem(filter ? as_csv.error() : filter.error()));
  const auto troubles = desk.sources.ledger.troubles(*filter);
  if (!troubles) return reply(problem(troubles.error()));
  std::vector<Row> rows;
  const bool of_devices = !filter->device.empty() || !filter->group.empty();
  const LiveStatus live = desk.sources.live();
  if (!of_devices && filter->product.empty() && !filter->to) add_standing(desk, live, rows);
  if (!of_devices) add_mismatches(live, *filter, rows);
  add_troubles(*troubles, rows);
  reply(whole_list(table_of(rows), *as_csv));
}

}  // namespace larder::admin
