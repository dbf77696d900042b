// SPDX-License-Identifier: MIT
// Bringing updates into the store before a device asks: by URL, or all packages of a release that catalogues list.
#include <algorithm>
#include <set>
#include <utility>

#include "admin/handlers.h"
#include "admin/json.h"
#include "admin/query.h"
#include "updates/beta.h"
#include "updates/recognise.h"

namespace larder::admin {
namespace {

constexpr std::size_t kUrls = 1000;  // of one order
constexpr const char* kForm = R"(; send {"urls": ["http://...", ...]} or {"product": "...", "version": "..."})";

struct Wanted {
  std::vector<std::string> urls;
  std::string product, version;
};

Result<Wanted> wanted_of(const Request& request) {
  const auto wrong = [](const std::string& why) { return fail(ErrorKind::invalid, why + kForm); };
  const Json body = Json::parse(request.body, nullptr, false);
  if (body.is_discarded() || !body.is_object()) return wrong("the body is not a JSON object");
  Wanted wanted;
  for (const auto& [name, value] : body.items()) {
    if (name == "urls") {
      const bool texts =
          value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_string(); });
      if (!texts) return wrong("urls is no list of texts");
      wanted.urls = value.get<std::vector<std::string>>();
    } else if (name == "product" || name == "version") {
      if (!value.is_string()) return wrong(name + " is no text");
      (name == "product" ? wanted.product : wanted.version) = value.get<std::string>();
    } else {
      return wrong("there is no member \"" + name + "\"");
    }
  }
  if (wanted.urls.empty() == wanted.product.empty()) return wrong("the body must name urls or a product, and not both");
  if (wanted.product.empty() && !wanted.version.empty()) return wrong("a version is of a product");
  if (wanted.urls.size() > kUrls) return wrong("one order takes at most " + std::to_string(kUrls) + " URLs");
  return wanted;
}

// What everybody gets before what some try out, then the newer one.
int better(std::string_view a, std::string_view b) {
  const int order = static_cast<int>(updates::is_trial(b)) - static_cast<int>(updates::is_trial(a));
  return order != 0 ? order : updates::compare_versions(a, b);
}

// The packages of a release: full ones, since from which version devices come is not known here.
Result<std::vector<std::string>> packages_of(const Wanted& wanted, const updates::Knowledge& knowledge) {
  std::set<std::string> urls;
  std::string newest = wanted.version;
  bool known = false;
  knowledge.each_file([&](const updates::ListedFile& file) {
    if (file.product != wanted.product) return;
    known = true;
    if (!file.principal || file.superseded || !file.from_version.empty()) return;
    const int order = newest.empty() ? 1 : better(file.version, newest);
    if (order < 0 || (order > 0 && !wanted.version.empty())) return;
    if (order > 0) urls.clear();
    newest = file.version;
    urls.insert(file.url);
  });
  if (!known) {
    return fail(ErrorKind::not_found, "no catalogue that Larder has seen lists the product \"" + wanted.product +
                                          "\"; `larder report releases` and `larder report versions` name products");
  }
  if (urls.empty()) {
    return fail(ErrorKind::not_found,
                "no catalogue that Larder has seen lists a whole package of " + wanted.product + " " + wanted.version);
  }
  if (urls.size() > kUrls) {
    return fail(ErrorKind::too_large, wanted.product + " has " + std::to_string(urls.size()) + " packages, more than " +
                                          std::to_string(kUrls) + "; name those you want by their URLs");
  }
  return std::vector<std::string>(urls.begin(), urls.end());
}

Table table_of(const std::vector<proxy::Prefetch>& list) {
  Table table;
  table.columns = {"id", "url", "product", "version", "state", "why", "bytes_done", "bytes_total", "asked", "ended"};
  for (const proxy::Prefetch& item : list) {
    table.rows.push_back({std::to_string(item.id), item.url, item.product, item.version,
                          std::string(to_string(item.state)), item.why.empty() ? Cell{} : Cell{item.why},
                          item.bytes_done, item.bytes_total == 0 ? Cell{} : Cell{item.bytes_total}, to_cell(item.asked),
                          to_cell(item.ended)});
  }
  return table;
}

}  // namespace

void list_prefetches(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  Response response;
  response.body =
      list_json(table_of(desk.sources.prefetches ? desk.sources.prefetches() : std::vector<proxy::Prefetch>{}), "");
  reply(std::move(response));
}

void start_prefetch(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const auto wanted = wanted_of(request);
  if (!wanted) return reply(problem(wanted.error()));
  std::vector<std::string> urls = wanted->urls;
  if (urls.empty()) {
    auto packages = packages_of(*wanted, *desk.sources.knowledge());
    if (!packages) return reply(problem(packages.error()));
    urls = std::move(*packages);
  }
  if (!desk.sources.prefetch) return reply(problem(503, "nothing can be fetched now"));
  const auto told = desk.sources.prefetch(urls);
  if (!told) return reply(problem(told.error()));
  Response response;
  response.status = 202;
  response.body = list_json(table_of(*told), "");
  reply(std::move(response));
}

}  // namespace larder::admin
