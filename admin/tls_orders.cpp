// SPDX-License-Identifier: MIT
// The certificate Larder shows, and the site's own authority.
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/own_name.h"
#include "admin/query.h"
#include "base/text.h"

namespace larder::admin {
namespace {

constexpr std::size_t kMostNames = 32;

std::string tls_json(const proxy::CertificateDesk& certificates) {
  const proxy::CertificateState state = certificates.state();
  Json answer;
  answer["listening"] = state.listening;
  answer["certificate"] = nullptr;
  if (state.has) {
    Json certificate;
    certificate["names"] = state.facts.names;
    certificate["issuer"] = state.facts.issuer;
    certificate["not_before"] = to_rfc3339(state.facts.not_before);
    certificate["not_after"] = to_rfc3339(state.facts.not_after);
    certificate["own_authority"] = state.own_authority;
    answer["certificate"] = std::move(certificate);
  }
  answer["problem"] = state.problem.empty() ? Json(nullptr) : Json(state.problem);
  const std::string root = certificates.root_pem();
  answer["root"] = root.empty() ? Json(nullptr) : Json(root);
  return dumped(answer);
}

void answer_state(const Desk& desk, const Reply& reply) {
  Response response;
  response.body = tls_json(*desk.sources.certificates);
  reply(std::move(response));
}

bool refused(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) {
    reply(problem(query.error()));
    return true;
  }
  if (desk.sources.certificates != nullptr) return false;
  reply(problem(503, "this larderd serves no clients yet"));
  return true;
}

Result<std::vector<std::string>> names_of(const Request& request, const config::Config& config) {
  const auto wrong = [](const std::string& why) {
    return fail(ErrorKind::invalid,
                why + R"(; send {"names": ["larder.example.org", "10.1.2.3"]}, or {} for listen.name)");
  };
  const Json body = Json::parse(request.body, nullptr, false);
  if (!body.is_object()) return wrong("the body is no JSON object");
  for (const auto& [member, value] : body.items()) {
    if (member != "names" || !value.is_array() || value.size() > kMostNames)
      return wrong("only a list of names may be said");
  }
  std::vector<std::string> names;
  for (const Json& name : body.value("names", Json::array())) {
    const std::string text = name.is_string() ? to_lower(name.get<std::string>()) : std::string{};
    if (!config::is_host_name(text) && !config::Address::parse(text))
      return wrong("a name must be a host name or an address");
    names.push_back(text);
  }
  if (names.empty()) names.push_back(own_name(config));
  return names;
}

}  // namespace

void report_tls(const Desk& desk, const Request& request, const Reply& reply) {
  if (!refused(desk, request, reply)) answer_state(desk, reply);
}

void make_authority(const Desk& desk, const Request& request, const Reply& reply) {
  if (refused(desk, request, reply)) return;
  const auto names = names_of(request, *desk.config);
  if (!names) return reply(problem(names.error()));
  if (auto made = desk.sources.certificates->make_authority(*names); !made) return reply(problem(made.error()));
  answer_state(desk, reply);
}

}  // namespace larder::admin
