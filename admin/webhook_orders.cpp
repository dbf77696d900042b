// SPDX-License-Identifier: MIT
// The webhooks as an administrator sees them, and the order to try them.
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"
#include "admin/webhooks.h"

namespace larder::admin {
namespace {

Cell text_or_nothing(const std::string& text) {
  return text.empty() ? Cell{} : Cell{text};
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

Table table_of(const std::vector<HookState>& states) {
  Table table;
  table.columns = {"number",  "url",      "format",       "signed",       "events",        "queued", "delivered",
                   "dropped", "given_up", "last_success", "last_failure", "failing_since", "why",    "in_trouble"};
  for (const HookState& state : states) {
    table.rows.push_back({std::uint64_t{state.number}, state.url, state.format, state.is_signed, joined(state.events),
                          std::uint64_t{state.queued}, state.delivered, state.dropped, state.given_up,
                          to_cell(state.last_success), to_cell(state.last_failure), to_cell(state.failing_since),
                          text_or_nothing(state.why), state.in_trouble});
  }
  return table;
}

// "" for all; nothing when the body is none.
std::optional<std::string> wanted_of(const std::string& body) {
  if (body.empty()) return "";
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  std::string wanted;
  for (const auto& [name, value] : json.items()) {
    if (name != "webhook" || !value.is_string()) return std::nullopt;
    wanted = value.get<std::string>();
  }
  return wanted;
}

}  // namespace

void report_webhooks(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  Response response;
  response.body = list_json(
      table_of(desk.sources.webhooks != nullptr ? desk.sources.webhooks->states() : std::vector<HookState>{}), "");
  reply(std::move(response));
}

void test_webhooks(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const auto wanted = wanted_of(request.body);
  if (!wanted) {
    return reply(
        problem(400, R"(send {"webhook": "NUMBER or URL"} as `larder webhooks` shows it, or nothing for all)"));
  }
  if (desk.sources.webhooks == nullptr) return reply(problem(503, "webhooks are not running"));
  const auto tests = desk.sources.webhooks->test(*wanted);
  if (!tests) return reply(problem(tests.error()));
  Table table;
  table.columns = {"number", "url", "delivered", "status", "why"};
  for (const HookTest& test : *tests) {
    const bool delivered = test.outcome.kind == HookOutcome::Kind::delivered;
    table.rows.push_back({std::uint64_t{test.number}, test.url, delivered,
                          test.outcome.status == 0 ? Cell{} : Cell{static_cast<std::uint64_t>(test.outcome.status)},
                          text_or_nothing(test.outcome.why)});
  }
  Response response;
  response.body = list_json(table, "");
  reply(std::move(response));
}

}  // namespace larder::admin
