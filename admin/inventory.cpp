// SPDX-License-Identifier: MIT
// What the administrator changes of the devices on record: a list is taken in, one device is forgotten.
#include <algorithm>
#include <utility>

#include "admin/device_list.h"
#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"

namespace larder::admin {
namespace {

// Changes and problems shown one by one; they are all counted.
constexpr std::size_t kShown = 1000;

Result<bool> wants_dry_run(const Query& query) {
  const std::string text = query.text("dry_run");
  if (text == "true") return true;
  if (text.empty() || text == "false") return false;
  return fail(ErrorKind::invalid, "dry_run \"" + text + "\" is not known; write true or false");
}

Json answer_of(const DeviceList& list, const reports::InventoryImport& import, bool dry_run) {
  Json answer{{"dry_run", dry_run},
              {"devices_new", import.devices_new},
              {"devices_changed", import.devices_changed},
              {"devices_unchanged", import.devices_unchanged}};
  answer["columns"] = Json::array();
  for (const auto& [what, header] : list.columns) answer["columns"].push_back({{"field", what}, {"header", header}});
  answer["changes_total"] = import.changes.size();
  answer["changes"] = Json::array();
  for (std::size_t i = 0; i < std::min(import.changes.size(), kShown); ++i) {
    const reports::InventoryChange& change = import.changes[i];
    answer["changes"].push_back(
        {{"serial", change.serial}, {"field", change.field}, {"before", change.before}, {"after", change.after}});
  }
  std::vector<reports::InventoryProblem> problems = list.problems;
  problems.insert(problems.end(), import.problems.begin(), import.problems.end());
  std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  answer["problems_total"] = problems.size();
  answer["problems"] = Json::array();
  for (std::size_t i = 0; i < std::min(problems.size(), kShown); ++i) {
    answer["problems"].push_back({{"line", problems[i].line}, {"problem", problems[i].what}});
  }
  return answer;
}

Result<std::string> id_of(const Request& request) {
  const Json body = Json::parse(request.body, nullptr, false);
  const bool good = body.is_object() && body.size() == 1 && body.contains("id") && body["id"].is_string();
  if (good) return body["id"].get<std::string>();
  return fail(ErrorKind::invalid, R"(the body must be {"id": "..."}, with the id as `larder report devices` shows it)");
}

}  // namespace

void erase_device(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"dry_run"});
  if (!query) return reply(problem(query.error()));
  const auto dry_run = wants_dry_run(*query);
  if (!dry_run) return reply(problem(dry_run.error()));
  const auto id = id_of(request);
  if (!id) return reply(problem(id.error()));
  const auto erased = desk.sources.ledger.erase(*id, *dry_run);
  if (!erased) return reply(problem(erased.error()));
  Response response;
  response.body =
      dumped({{"dry_run", *dry_run}, {"serial", erased->serial}, {"ids", erased->ids}, {"requests", erased->requests}});
  reply(std::move(response));
}

void import_devices(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"dry_run"});
  if (!query) return reply(problem(query.error()));
  const auto dry_run = wants_dry_run(*query);
  if (!dry_run) return reply(problem(dry_run.error()));
  const auto list = read_device_list(request.body);
  if (!list) return reply(problem(list.error()));
  const auto import = desk.sources.ledger.import_inventory(list->lines, *dry_run);
  if (!import) return reply(problem(import.error()));
  Response response;
  response.body = dumped(answer_of(*list, *import, *dry_run));
  reply(std::move(response));
}

}  // namespace larder::admin
