// SPDX-License-Identifier: MIT
#include "admin/live_feed.h"

#include <algorithm>
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"

namespace larder::admin {
namespace {

constexpr std::chrono::seconds kRateSpan{5};
constexpr std::chrono::seconds kRatioSpan{60};

double seconds_between(SteadyTime from, SteadyTime to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string LiveFeed::event(const LiveStatus& live, WallTime now, SteadyTime steady) {
  const proxy::Counters& counters = live.counters;
  const Sample sample{steady, counters.bytes_sent.value(), counters.bytes_sent_beside.value(),
                      counters.bytes_from_origin.value()};
  while (!samples_.empty() && samples_.front().at < steady - kRatioSpan) samples_.pop_front();
  Json sent_rate = nullptr;
  Json origin_rate = nullptr;
  Json ratio = nullptr;
  if (!samples_.empty()) {
    const auto recent = std::find_if(samples_.begin(), samples_.end(),
                                     [&](const Sample& past) { return past.at >= steady - kRateSpan; });
    const Sample& base = recent == samples_.end() ? samples_.back() : *recent;
    if (const double seconds = seconds_between(base.at, steady); seconds > 0) {
      sent_rate = static_cast<std::uint64_t>(static_cast<double>(sample.sent - base.sent) / seconds);
      origin_rate = static_cast<std::uint64_t>(static_cast<double>(sample.from_origin - base.from_origin) / seconds);
    }
    const Sample& first = samples_.front();
    const std::uint64_t sent =
        (sample.sent - first.sent) - std::min(sample.sent - first.sent, sample.beside - first.beside);
    const std::uint64_t fetched = sample.from_origin - samples_.front().from_origin;
    if (sent > 0) ratio = std::max(0.0, 1.0 - static_cast<double>(fetched) / static_cast<double>(sent));
  }
  samples_.push_back(sample);

  std::uint64_t waiting = 0;
  for (const RunningFill& fill : live.fills) waiting += fill.clients_waiting;
  Json json;
  json["time"] = to_rfc3339(now);
  json["clients_connected"] = live.counters.connections_open.value();
  json["requests_running"] = live.counters.requests_running.value();
  json["tunnels_open"] = live.counters.tunnels_open.value();
  json["clients_waiting"] = waiting;
  json["sent_bytes_per_second"] = std::move(sent_rate);
  json["origin_bytes_per_second"] = std::move(origin_rate);
  json["hit_ratio_bytes"] = std::move(ratio);
  json["fills"] = rows_json(running_fills(live));
  return "event: live\ndata: " + dumped(json) + "\n";
}

Table running_fills(const LiveStatus& live) {
  Table table;
  table.columns = {"url",         "product",         "version",          "bytes_done",
                   "bytes_total", "clients_waiting", "bytes_per_second", "started"};
  for (const auto& fill : live.fills) {
    table.rows.push_back({fill.url, fill.product, fill.version, fill.bytes_done,
                          fill.bytes_total == 0 ? Cell{} : Cell{fill.bytes_total}, std::uint64_t{fill.clients_waiting},
                          fill.bytes_per_second, to_cell(fill.started)});
  }
  return table;
}

void report_live(const Desk&, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  Response response;
  response.content_type = "text/event-stream";
  reply(std::move(response));
}

}  // namespace larder::admin
