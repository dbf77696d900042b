// SPDX-License-Identifier: MIT
// What one site knows of AutoUpdate's releases, as a file for another: for sites without a line, and new servers.
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"
#include "updates/mau_record.h"

namespace larder::admin {

void export_bundle(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  Response response;
  response.content_type = "application/octet-stream";
  response.fields.emplace_back("Content-Disposition", "attachment; filename=\"larder.bundle\"");
  response.body = updates::write_mau_bundle(desk.sources.export_manifests ? desk.sources.export_manifests()
                                                                          : std::vector<updates::MauRecord>{});
  reply(std::move(response));
}

void import_bundle(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  auto records = updates::read_mau_bundle(request.body);
  if (!records) return reply(problem(records.error()));
  const std::size_t all = records->size();
  if (!desk.sources.import_manifests) return reply(problem(503, "nothing can be taken in now"));
  const proxy::MauTakenIn taken = desk.sources.import_manifests(std::move(*records));
  Response response;
  response.body =
      dumped(Json{{"applications", taken.joined}, {"published", taken.published}, {"left_out", all - taken.joined}});
  reply(std::move(response));
}

}  // namespace larder::admin
