// SPDX-License-Identifier: MIT
#include "updates/canonical.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/hosts.h"
#include "updates/mau_place.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

constexpr std::string_view kUpdates = "updates.cdn-apple.com";
constexpr std::string_view kUpdatesHttp = "updates-http.cdn-apple.com";
constexpr std::string_view kAppldnld = "appldnld.apple.com";
constexpr std::string_view kAppldnldEdge = "appldnld.apple.com.edgesuite.net";

void set_scheme(Url& url, std::string_view scheme) {
  url.scheme = scheme;
  url.port = scheme == "https" ? 443 : 80;
}

bool is_below(std::string_view host, std::string_view domain) {
  return host == domain || (host.ends_with(domain) && host[host.size() - domain.size() - 1] == '.');
}

// The query without the parameters `dropped` names, the others in their order.
template <class Dropped>
std::string without(std::string_view query, Dropped dropped) {
  std::string kept;
  for (const auto item : split(query, '&')) {
    if (dropped(item.substr(0, item.find('=')))) continue;
    if (!kept.empty()) kept += '&';
    kept += item;
  }
  return kept;
}

// Parameters that authorise and do not name. App Store: accessKey of a purchase (seen in requests to Apple's content
// cache); the bytes are one app's for all. Windows: P1 to P4, expiry and signature of a Delivery Optimization link.
std::string naming_query(const Url& url) {
  const bool app_store = is_below(url.host, "itunes.apple.com") || is_below(url.host, "assets.itunes.com");
  if (app_store && url.path.find("itunes-assets/") != std::string::npos) {
    return without(url.query, [](std::string_view name) { return name == "accessKey"; });
  }
  if (is_below(url.host, "dl.delivery.mp.microsoft.com")) {
    return without(url.query, [](std::string_view name) {
      return name.size() == 2 && (name[0] == 'P' || name[0] == 'p') && name[1] >= '1' && name[1] <= '4';
    });
  }
  return url.query;
}

// The same URL on another host, in https.
Url moved(const Url& url, std::string_view host, std::string path) {
  Url other = url;
  other.host = host;
  other.path = std::move(path);
  set_scheme(other, "https");
  return other;
}

void add_fallback(CanonicalUrl& result, Url url) {
  const std::string text = url.text();
  if (text == result.origin.text()) return;
  const bool known = std::any_of(result.fallbacks.begin(), result.fallbacks.end(),
                                 [&](const Url& other) { return other.text() == text; });
  if (!known) result.fallbacks.push_back(std::move(url));
}

// The files of AutoUpdate are the same on the new host and its mirror. On the retired hosts packages are still found
// that never moved, but manifests there stand still since 2026-05: those are asked for there only when they are of
// applications that were left behind.
void fold_mau(const MauPlace& place, const Url& asked, Url& name, CanonicalUrl& result) {
  const std::string path = "/mro1cdnstorage/" + place.guid + "/MacAutoupdate/" + place.rest;
  name = moved(name, kMauHost, path);
  if (place.retired) result.origin = moved(asked, kMauHost, path);
  add_fallback(result, moved(asked, kMauHost, path));
  add_fallback(result, moved(asked, kMauMirror, path));
  const std::string file = base_name(path);
  if (is_mau_collateral(file) && !is_left_behind(mau_app_id(file))) return;
  if (place.retired) add_fallback(result, asked);
  add_fallback(result, moved(asked, kMauLegacyHost, "/pr/" + place.guid + "/MacAutoupdate/" + place.rest));
}

// Two names of one tree: updates-http answers on port 80, updates on 443 only.
void fold_updates(Url& name, CanonicalUrl& result) {
  name = moved(name, kUpdates, name.path);
  if (result.origin.host == kUpdates) set_scheme(result.origin, "https");
  add_fallback(result, moved(result.origin, kUpdates, result.origin.path));
}

// appldnld.apple.com.edgesuite.net is the edge name behind appldnld.apple.com.
void fold_appldnld(const Url& asked, Url& name, CanonicalUrl& result) {
  name.host = kAppldnld;
  result.origin.host = kAppldnld;
  add_fallback(result, asked);
}

void fold_scheme(Schemes schemes, Url& name, Url& origin) {
  if (schemes == Schemes::as_named) return;
  set_scheme(name, "https");
  if (schemes == Schemes::https_only) set_scheme(origin, "https");
}

}  // namespace

CanonicalUrl canonical(const Url& url) {
  Url asked = url;
  asked.host = to_lower(url.host);
  asked.path = normal_path(url.path);
  if (asked.port == 0) set_scheme(asked, url.scheme);
  const Host* host = find_host(asked.host);
  // Download tools name Apple's https hosts as "host:443" and leave the scheme out.
  if (host != nullptr && asked.scheme == "http" && asked.port == 443) set_scheme(asked, "https");

  Url name = asked;
  name.query = normal_escapes(asked.query);
  CanonicalUrl result{{}, asked, {}};
  if (host != nullptr && asked.default_port()) {
    name.query = naming_query(name);
    fold_scheme(host->schemes, name, result.origin);
    if (const auto place = mau_place(asked)) {
      fold_mau(*place, asked, name, result);
    } else if (asked.host == kUpdates || asked.host == kUpdatesHttp) {
      fold_updates(name, result);
    } else if (asked.host == kAppldnldEdge) {
      fold_appldnld(asked, name, result);
    }
  }
  result.key = name.text();
  return result;
}

CanonicalUrl as_written(const Url& url) {
  Url asked = url;
  asked.host = to_lower(url.host);
  if (find_host(asked.host) != nullptr) return canonical(url);
  return {asked.text(), asked, {}};
}

}  // namespace larder::updates
