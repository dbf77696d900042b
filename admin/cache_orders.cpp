// SPDX-License-Identifier: MIT
// What the cache holds, and the orders an administrator gives it.
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"
#include "admin/table.h"
#include "updates/canonical.h"
#include "updates/recognise.h"

namespace larder::admin {
namespace {

using Order = void (cache::Store::*)(const std::string&, cache::Store::Done);

Result<std::string> url_of(const Request& request) {
  const Json body = Json::parse(request.body, nullptr, false);
  const auto wrong = [](const std::string& why) {
    return fail(ErrorKind::invalid,
                why + R"(; send {"url": "http://..."} with the URL as `larder cache list` shows it)");
  };
  if (body.is_discarded() || !body.is_object()) return wrong("the body is not a JSON object");
  for (const auto& [name, value] : body.items()) {
    if (name != "url") return wrong("there is no member \"" + name + "\"");
  }
  if (!body.contains("url") || !body["url"].is_string()) return wrong("the body names no url");
  auto url = body["url"].get<std::string>();
  if (url.empty()) return wrong("the url is empty");
  return url;
}

void give_order(const Desk& desk, const Request& request, const Reply& reply, Order order, const char* done_word) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const auto url = url_of(request);
  if (!url) return reply(problem(url.error()));
  (desk.sources.store.*order)(*url, [reply, url = *url, done_word](const Status& status) {
    if (!status) return reply(problem(status.error()));
    Json answer;
    answer["url"] = url;
    answer["done"] = done_word;
    Response response;
    response.body = dumped(answer);
    reply(std::move(response));
  });
}

std::string field(const cache::Object& object, std::string_view name) {
  for (const auto& [field_name, value] : object.fields) {
    if (field_name == name) return value;
  }
  return {};
}

}  // namespace

void list_objects(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"cursor", "limit"});
  if (!query) return reply(problem(query.error()));
  const auto limit = query->limit();
  if (!limit) return reply(problem(limit.error()));
  const auto reader = desk.sources.make_reader();
  const auto listing = reader->list(query->text("cursor"), *limit);
  Table table;
  table.columns = {"url",  "size_bytes",   "bytes_held", "complete", "pinned", "sha256",
                   "etag", "content_type", "stored_at",  "product",  "version"};
  const auto knowledge = desk.sources.knowledge();
  for (std::size_t i = 0; i < listing.objects.size(); ++i) {
    const cache::Object& object = *listing.objects[i];
    const auto url = updates::Url::parse(object.url);
    const updates::Recognition seen = url ? updates::recognise(*url, *knowledge) : updates::Recognition{};
    table.rows.push_back({object.url, object.size_bytes, listing.bytes_held.at(i), object.complete(),
                          static_cast<bool>(listing.pinned.at(i)), object.digest ? Cell{object.digest->hex()} : Cell{},
                          object.etag, field(object, "Content-Type"), to_cell(object.stored_at), seen.product,
                          seen.version});
  }
  Response response;
  response.body = list_json(table, listing.next);
  reply(std::move(response));
}

void report_verify(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  Response response;
  response.body = object_json(desk.verification->state());
  reply(std::move(response));
}

void start_verify(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  if (!desk.verification->start(desk.sources.store)) {
    return reply(problem(409, "a verification runs already; ask how far it is with GET /api/v1/cache/verify"));
  }
  Response response;
  response.status = 202;
  response.body = object_json(desk.verification->state());
  reply(std::move(response));
}

void pin_object(const Desk& desk, const Request& request, const Reply& reply) {
  give_order(desk, request, reply, &cache::Store::pin, "pinned");
}

void unpin_object(const Desk& desk, const Request& request, const Reply& reply) {
  give_order(desk, request, reply, &cache::Store::unpin, "unpinned");
}

void evict_object(const Desk& desk, const Request& request, const Reply& reply) {
  give_order(desk, request, reply, &cache::Store::remove, "evicted");
}

}  // namespace larder::admin
