// SPDX-License-Identifier: MIT
#include "proxy/entrance.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "proxy/authority.h"
#include "proxy/query_origin.h"
#include "proxy/self_test.h"

namespace larder::proxy {
namespace {

using updates::Url;

constexpr std::string_view kMicrosoftLegacyHost = "officecdnmac.microsoft.com";
constexpr std::string_view kMicrosoftHost = "res.public.onecdn.static.microsoft";

Refusal refuse(int status, std::string reason) {
  return {status, std::move(reason), {{"Cache-Control", "no-store"}}};
}

Refusal refuse_token() {
  return refuse(400,
                "The path begins with /d/, but what follows is no device token: 1 to 64 letters, digits and . _ : - "
                "are one.");
}

bool is_self_test(std::string_view path) {
  return path == kSelfTestPath || path == kSelfTestJsonPath;
}

// The path and query of an origin-form target.
struct Asked {
  std::string_view path;
  std::string_view query;
};

Asked take_apart(std::string_view target) {
  const auto question = target.find('?');
  if (question == std::string_view::npos) return {target, {}};
  return {target.substr(0, question), target.substr(question + 1)};
}

// A token in front of a path that belongs to an origin. Windows Update's own paths begin with /c/ and /d/
// (/d/msdownload/update/...), so there a token is one only in front of such a path. What is no token is the origin's.
TokenPath take_token_off_origin_path(std::string_view path, std::string_view host) {
  auto taken = take_token(path);
  const bool nothing_behind = path.find('/', std::string_view("/d/").size()) == std::string_view::npos;
  const bool windows_update = ends_with_ignoring_case(host, "windowsupdate.com");
  const bool fits = !windows_update || taken.path.starts_with("/c/") || taken.path.starts_with("/d/") ||
                    taken.path.starts_with("/msdownload/");
  if (taken.token.empty() || nothing_behind || !fits) return {{}, path, false};
  return taken;
}

FetchTarget fetch(const Url& url, const OriginRule& rule, reports::Entrance entrance, std::string token) {
  FetchTarget target;
  // A proxy does not change a path (RFC 9110 7.7), unless it knows what its spellings mean.
  target.url = is_standard(entrance, rule) ? updates::as_written(url) : updates::canonical(url);
  target.entrance = entrance;
  target.token_from = token.empty() ? reports::DeviceEvidence::address : reports::DeviceEvidence::token;
  target.token = std::move(token);
  return target;
}

std::uint16_t default_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

Url make_url(std::string_view scheme, std::string_view host, std::uint16_t port, Asked asked) {
  Url url;
  url.scheme = scheme;
  url.host = host;
  url.port = port;
  url.path = asked.path;
  url.query = asked.query;
  return url;
}

// ---- tunnel ----

Classified classify_connect(const RequestHead& head, const OriginTable& origins) {
  const auto target = parse_authority(head.target);
  if (!target || !target->port) return refuse(400, "CONNECT must name a host and a port.");
  return Connect{target->host, *target->port, origins.find(target->host, *target->port), proxy_user(head)};
}

// A host that is no origin, named by an entrance that leads to origins.
Refusal refuse_origin(const Url& asked, reports::Entrance entrance, std::string token,
                      reports::DeviceEvidence token_from = reports::DeviceEvidence::token) {
  Refusal refusal = refuse_host(asked.host);
  refusal.entrance = entrance;
  refusal.url = make_url(asked.scheme, asked.host, asked.port, {"/", {}}).text();
  refusal.token = std::move(token);
  refusal.token_from = token_from;
  return refusal;
}

// ---- proxy ----

Classified classify_absolute(const RequestHead& head, const OriginTable& origins) {
  auto url = Url::parse(head.target);
  if (!url) return refuse(400, "The URL in the request line cannot be fetched: " + url.error().message + ".");
  const OriginRule* rule = origins.find(url->host, url->port);
  if (rule == nullptr) {
    const auto own = take_token(url->path);
    if (is_self_test(own.path)) return Helper{Helper::Kind::self_test, own.token, std::string(own.path), url->host};
    return refuse_origin(*url, reports::Entrance::proxy, proxy_user(head), reports::DeviceEvidence::proxy_user);
  }
  auto taken = take_token_off_origin_path(url->path, url->host);
  url->path = std::string(taken.path);
  auto target = fetch(*url, *rule, reports::Entrance::proxy, std::move(taken.token));
  if (target.token.empty()) {
    target.token = proxy_user(head);
    if (!target.token.empty()) target.token_from = reports::DeviceEvidence::proxy_user;
  }
  return target;
}

// ---- steered ----

// Host names an origin. The port is the one Larder was reached by, which need not be one of the origin's: the scheme's
// own is meant then. Addresses are how Larder itself is named, so they never count; so is localhost, but where that
// names an origin it is steered if Larder's own paths mean nothing.
enum class HostIs { a_name, larders_too };

struct Steered {
  Url url;
  const OriginRule* rule;
};

std::optional<Steered> steered_url(const RequestHead& head, const OriginTable& origins, ListenerKind listener,
                                   HostIs is) {
  const auto host = parse_authority(head.host);
  if (!host || host->literal) return std::nullopt;
  if ((host->host == "localhost") != (is == HostIs::larders_too)) return std::nullopt;
  const std::string_view scheme = listener == ListenerKind::tls ? "https" : "http";
  const auto own_port = default_port(scheme);
  for (const auto port : {host->port.value_or(own_port), own_port}) {
    const OriginRule* rule = origins.find(host->host, port);
    if (rule != nullptr) return Steered{make_url(scheme, host->host, port, take_apart(head.target)), rule};
  }
  return std::nullopt;
}

Classified classify_steered(Steered steered) {
  Url& url = steered.url;
  auto taken = take_token_off_origin_path(url.path, url.host);
  url.path = std::string(taken.path);
  return fetch(url, *steered.rule, reports::Entrance::steered, std::move(taken.token));
}

// ---- content cache, delivery optimization ----

Classified classify_query_origin(const QueryOrigin& query, Asked asked, const OriginTable& origins) {
  const bool content_cache = query.key == QueryOrigin::Key::source;
  const auto entrance = content_cache ? reports::Entrance::content_cache : reports::Entrance::delivery_optimization;
  const OriginRule* rule = origins.find(query.host, query.port);
  if (rule == nullptr) {
    return refuse_origin(make_url(query.scheme, query.host, query.port, {"/", {}}), entrance,
                         take_token(asked.path).token);
  }
  const auto strict = take_token(asked.path);
  auto taken = take_token_off_origin_path(asked.path, query.host);
  if (content_cache && strict.malformed) return refuse_token();
  const auto url = make_url(query.scheme, query.host, query.port, {taken.path, query.rest});
  return fetch(url, *rule, entrance, std::move(taken.token));
}

// ---- update cache ----

bool is_guid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return text.size() == kForm.size() && std::equal(text.begin(), text.end(), kForm.begin(), [](char c, char form) {
           return form == 'x' ? is_hex_digit(c) : c == form;
         });
}

// The host whose own layout the path is, "" none: /pr/<GUID>/MacAutoupdate/... and /mro1cdnstorage/...
std::string_view microsoft_layout(std::string_view path) {
  constexpr std::string_view kNew = "/mro1cdnstorage/";
  constexpr std::string_view kOld = "/pr/";
  constexpr std::string_view kOldFolder = "/MacAutoupdate/";
  constexpr std::size_t kGuidBytes = 36;
  if (equals_ignoring_case(path.substr(0, kNew.size()), kNew) && path.size() > kNew.size()) return kMicrosoftHost;
  if (path.size() <= kOld.size() + kGuidBytes + kOldFolder.size()) return {};
  const bool old = equals_ignoring_case(path.substr(0, kOld.size()), kOld) &&
                   is_guid(path.substr(kOld.size(), kGuidBytes)) &&
                   equals_ignoring_case(path.substr(kOld.size() + kGuidBytes, kOldFolder.size()), kOldFolder);
  return old ? kMicrosoftLegacyHost : std::string_view{};
}

std::optional<Classified> classify_update_cache(Asked asked, const TokenPath& taken, const OriginTable& origins) {
  if (const auto host = microsoft_layout(taken.path); !host.empty()) {
    const OriginRule* rule = origins.find(host, 443);
    if (rule == nullptr) return refuse_host(host);
    return fetch(make_url("https", host, 443, {taken.path, asked.query}), *rule, reports::Entrance::update_cache,
                 taken.token);
  }
  auto request = updates::parse_mau_path(taken.path);
  if (!request) return std::nullopt;
  if (!*request) return refuse(404, "This is no path of the update cache: " + request->error().message + ".");
  FetchTarget target;
  target.entrance = reports::Entrance::update_cache;
  target.token = taken.token;
  target.token_from = taken.token.empty() ? reports::DeviceEvidence::address : reports::DeviceEvidence::token;
  target.mau = std::move(*request).value();
  return target;
}

// ---- helpers ----

std::optional<Helper::Kind> helper_kind(std::string_view path, const RequestHead& head) {
  if (path == "/") return head.find("Max-Forwards") == "0" ? Helper::Kind::probe : Helper::Kind::root;
  if (path == "/proxy.pac") return Helper::Kind::proxy_pac;
  if (path == "/lcdn/locate") return Helper::Kind::locate;
  if (is_self_test(path)) return Helper::Kind::self_test;
  if (path == "/profiles" || path.starts_with("/profiles/")) return Helper::Kind::profiles;
  return std::nullopt;
}

Refusal refuse_path(const RequestHead& head) {
  const auto host = parse_authority(head.host);
  if (host && !host->literal && host->host.find('.') != std::string::npos) {
    Refusal refusal =
        refuse(421, "Larder does not answer for " + host->host + ", and as Larder's own this path means nothing.");
    refusal.entrance = reports::Entrance::steered;
    refusal.url = "http://" + host->host + "/";
    return refusal;
  }
  return refuse(404, "This path means nothing to Larder.");
}

Classified classify_own(const RequestHead& head, const OriginTable& origins, ListenerKind listener) {
  const auto asked = take_apart(head.target);
  if (auto query = read_query_origin(asked.query)) {
    if (!*query) return refuse(400, query->error().message);
    return classify_query_origin(**query, asked, origins);
  }
  const auto taken = take_token(asked.path);
  if (taken.malformed) return refuse_token();
  if (auto update = classify_update_cache(asked, taken, origins)) return std::move(*update);
  if (const auto kind = helper_kind(taken.path, head)) return Helper{*kind, taken.token, std::string(taken.path), {}};
  if (auto steered = steered_url(head, origins, listener, HostIs::larders_too)) {
    return classify_steered(std::move(*steered));
  }
  return refuse_path(head);
}

}  // namespace

bool is_standard(reports::Entrance entrance, const OriginRule& rule) {
  const bool as_named = entrance == reports::Entrance::proxy || entrance == reports::Entrance::steered;
  return as_named && !rule.knows_updates;
}

Refusal refuse_host(std::string_view host) {
  return refuse(403,
                "Larder does not fetch from " + std::string(host) +
                    ": it is not one of its origins. Ask that server itself, or add it to [origins] in larder.toml.");
}

Classified classify(const RequestHead& head, const OriginTable& origins, ListenerKind listener) {
  if (head.method == "CONNECT") return classify_connect(head, origins);
  if (head.target == "*") return Helper{Helper::Kind::asterisk, {}, {}, {}};
  if (!head.target.starts_with('/')) return classify_absolute(head, origins);
  if (auto steered = steered_url(head, origins, listener, HostIs::a_name)) {
    return classify_steered(std::move(*steered));
  }
  return classify_own(head, origins, listener);
}

std::uint64_t most_body_bytes(const RequestHead& head) {
  const bool own = head.target.starts_with('/') && take_token(take_apart(head.target).path).path == "/lcdn/locate";
  return own ? limits::kLocateBytes : limits::kRequestBodyBytes;
}

}  // namespace larder::proxy
