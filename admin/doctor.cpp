// SPDX-License-Identifier: MIT
#include "admin/doctor.h"

#include <algorithm>
#include <mutex>

#include "admin/doctor_json.h"
#include "admin/handlers.h"
#include "admin/query.h"

namespace larder::admin {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "good";
    case Verdict::warning:
      return "warning";
    case Verdict::bad:
      return "bad";
  }
  return "unknown";
}

Verdict worst(const Findings& findings) {
  Verdict verdict = Verdict::good;
  for (const Finding& finding : findings) verdict = std::max(verdict, finding.verdict);
  return verdict;
}

Response with_findings(const Desk& desk, Json answer, const Findings& findings) {
  Json checks = Json::array();
  for (const Finding& finding : findings) {
    checks.push_back({{"check", finding.check},
                      {"subject", finding.subject.empty() ? Json(nullptr) : Json(finding.subject)},
                      {"verdict", to_string(finding.verdict)},
                      {"found", finding.found},
                      {"remedy", finding.remedy.empty() ? Json(nullptr) : Json(finding.remedy)}});
  }
  answer["time"] = to_rfc3339(desk.sources.clock.now());
  answer["verdict"] = to_string(worst(findings));
  answer["checks"] = std::move(checks);
  Response response;
  response.body = dumped(answer);
  return response;
}

void examine_larder(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"offline"});
  if (!query) return reply(problem(query.error()));
  const std::string offline = query->text("offline");
  if (!offline.empty() && offline != "true" && offline != "false") {
    return reply(problem(400, "offline must be true (nothing outside this machine is asked) or false"));
  }
  std::unique_lock one(*desk.examining, std::try_to_lock);
  if (!one) return reply(problem(503, "an examination is under way; ask again in some seconds"));
  Findings findings;
  examine_listeners(desk, findings);
  // A daemon that is stopping does not wait for others.
  if (offline != "true" && desk.sources.ready()) examine_origins(desk, findings);
  examine_machine(desk, findings);
  one.unlock();  // who has the answer may ask again at once
  reply(with_findings(desk, Json::object(), findings));
}

}  // namespace larder::admin
