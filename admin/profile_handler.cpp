// SPDX-License-Identifier: MIT
// Profiles by the API: what there is, and one made to order; and what nameservers are told.
#include "admin/dns_kit.h"
#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/own_name.h"
#include "admin/profile.h"
#include "admin/query.h"
#include "proxy/origin_table.h"

namespace larder::admin {
namespace {

ProfileSite site_of(const Desk& desk) {
  ProfileSite site;
  site.own_name = own_name(*desk.config);
  if (desk.sources.certificates != nullptr) site.root_pem = desk.sources.certificates->root_pem();
  const proxy::OriginTable origins(desk.config->origins);
  for (const auto& [name, rules] : origins.rules()) site.origins.push_back(name);
  return site;
}

}  // namespace

void list_profiles(const Desk&, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  Json answer;
  answer["kinds"] = Json::array();
  for (const ProfileKind& kind : kProfileKinds) {
    answer["kinds"].push_back(
        {{"name", kind.name}, {"combines", kind.form == ProfileForm::payload}, {"meaning", kind.meaning}});
  }
  answer["mdms"] = Json::array();
  for (const Mdm& mdm : kMdms) {
    answer["mdms"].push_back({{"name", mdm.name}, {"serial", mdm.serial}, {"note", mdm.note}});
  }
  Response response;
  response.body = dumped(answer);
  reply(std::move(response));
}

void write_profile(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const auto order = read_profile_order(request.body, *desk.config, site_of(desk));
  if (!order) return reply(problem(order.error()));
  const auto profile = make_profile(*order);
  if (!profile) return reply(problem(profile.error()));
  Json answer;
  answer["file_name"] = profile->file_name;
  answer["content_type"] = profile->content_type;
  answer["summary"] = profile->summary;
  answer["warnings"] = profile->warnings;
  answer["text"] = profile->text;
  Response response;
  response.body = dumped(answer);
  response.fields.emplace_back("Cache-Control", "no-store");
  reply(std::move(response));
}

void write_dns(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const auto kit = make_dns_kit(request.body, *desk.config);
  if (!kit) return reply(problem(kit.error()));
  Json answer;
  answer["warnings"] = kit->warnings;
  answer["text"] = kit->text;
  Response response;
  response.body = dumped(answer);
  reply(std::move(response));
}

}  // namespace larder::admin
