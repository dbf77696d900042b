// SPDX-License-Identifier: MIT
// The ledger's totals, added up anew: to see whether they are right, and to put them right.
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"

namespace larder::admin {
namespace {

void reckon(const Desk& desk, const Request& request, const Reply& reply, bool repair) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const auto reckoning = desk.sources.ledger.reckon(repair);
  if (!reckoning) return reply(problem(reckoning.error()));
  Json wrong = Json::array();
  for (const auto& [table, rows] : reckoning->wrong) wrong.push_back({{"table", table}, {"rows", rows}});
  Response response;
  response.body = dumped({{"fetches", reckoning->fetches},
                          {"rows", reckoning->rows},
                          {"wrong", std::move(wrong)},
                          {"repaired", repair && !reckoning->wrong.empty()}});
  reply(std::move(response));
}

}  // namespace

void check_totals(const Desk& desk, const Request& request, const Reply& reply) {
  reckon(desk, request, reply, false);
}

void repair_totals(const Desk& desk, const Request& request, const Reply& reply) {
  reckon(desk, request, reply, true);
}

}  // namespace larder::admin
