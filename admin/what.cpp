// SPDX-License-Identifier: MIT
// What one URL is an update of, and how that is known: what the ledger would say of it if it were fetched now.
#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"
#include "updates/canonical.h"
#include "updates/recognise.h"

namespace larder::admin {
namespace {

std::string_view to_string(updates::NameStability stability) {
  switch (stability) {
    case updates::NameStability::immutable:
      return "immutable";
    case updates::NameStability::mutable_name:
      return "mutable";
    case updates::NameStability::ordinary:
      return "ordinary";
  }
  return "ordinary";
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json published_json(const updates::PublishedPtr& published) {
  if (!published) return nullptr;
  Json json;
  json["size_bytes"] = published->size_bytes ? Json(*published->size_bytes) : Json(nullptr);
  json["sha256"] = published->sha256 ? Json(published->sha256->hex()) : Json(nullptr);
  json["sha1"] = published->sha1 ? Json(published->sha1->hex()) : Json(nullptr);
  json["archive_head_sha1"] = published->archive_head ? Json(published->archive_head->hex()) : Json(nullptr);
  json["chunk_list"] = text_or_null(published->chunk_list);
  return json;
}

Json what_json(const updates::Url& url, const updates::Knowledge& knowledge) {
  const std::string key = updates::canonical(url).key;
  const updates::Recognition seen = updates::recognise(url, knowledge);
  const updates::ListedFile* file = knowledge.find(key);
  Json json;
  json["url"] = key;
  json["product"] = text_or_null(seen.product);
  json["version"] = text_or_null(seen.version);
  json["build"] = text_or_null(seen.build);
  json["kind"] = to_string(seen.kind);
  json["evidence"] = to_string(seen.evidence);
  json["from_version"] = text_or_null(seen.from_version);
  json["from_builds"] = seen.audience ? Json(seen.audience->from_builds) : Json::array();
  json["models"] = seen.audience ? Json(seen.audience->models) : Json::array();
  json["type"] = text_or_null(seen.asset_type);
  json["product_key"] = text_or_null(seen.product_key);
  json["channel"] = text_or_null(seen.channel);
  json["name"] = to_string(seen.stability);
  json["listed"] = seen.listed;
  json["catalogue"] = file == nullptr ? Json(nullptr) : Json(file->catalogue);
  json["published"] = published_json(seen.published);
  return json;
}

}  // namespace

void report_what(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {"url"});
  if (!query) return reply(problem(query.error()));
  const auto url = updates::Url::parse(query->text("url"));
  if (!url) return reply(problem(Error(url.error()).with_context("url, the whole URL of a file, is needed")));
  Response response;
  response.body = dumped(what_json(*url, *desk.sources.knowledge()));
  reply(std::move(response));
}

}  // namespace larder::admin
