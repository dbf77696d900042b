// SPDX-License-Identifier: MIT
// What Larder answers of itself: how devices find it. Nothing of it is fetched or kept, but that a device has asked is
// told to the ledger, with what it says of itself.
#include "base/limits.h"
#include "proxy/authority.h"
#include "proxy/exchange.h"
#include "proxy/locator.h"
#include "proxy/pac.h"

namespace larder::proxy {
namespace {

constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::uint16_t kHttpPort = 80;

// The path of locate requests, which alone are POST.
bool method_fits(Helper::Kind kind, std::string_view method) {
  if (kind == Helper::Kind::locate) return method == "POST";
  return method == "GET" || method == "HEAD" || kind == Helper::Kind::asterisk;
}

}  // namespace

void Exchange::helper(const Helper& helper) {
  record_.token = helper.token;
  if (!method_fits(helper.kind, head_->method)) {
    answer_own_method(helper.kind == Helper::Kind::locate ? "POST, OPTIONS" : "GET, HEAD, OPTIONS");
    return;
  }
  switch (helper.kind) {
    case Helper::Kind::probe:
      answer_text(200, "", "", {{"Accept-Ranges", "bytes"}});
      return;
    case Helper::Kind::asterisk:
      answer_text(200, "", "", {{"Allow", "GET, HEAD, OPTIONS"}});
      return;
    case Helper::Kind::root:
      answer_text(200, "This is Larder, an update cache. Its page for administrators is on the admin port.\n", kText);
      return;
    case Helper::Kind::proxy_pac:
      answer_pac();
      return;
    case Helper::Kind::locate:
      answer_locate();
      return;
    case Helper::Kind::self_test:
      record_.token.clear();
      begin_self_test(helper);
      return;
    case Helper::Kind::profiles:
      answer_text(404, "Nothing is served here.\n", kText);
      return;
  }
}

// Where the client reaches the plain entrances, by numbers: as it has reached this one, if that is one.
std::optional<config::Endpoint> Exchange::plain_endpoint() const {
  const auto& http = loop_.config().listen.http;
  if (http.empty()) return std::nullopt;
  config::Endpoint local = connection_.local();
  if (connection_.secure()) local.port = http.front().port;
  return local;
}

// The same as the client would write it itself: by the name it has used, if it has.
std::optional<config::Endpoint> Exchange::named_endpoint() const {
  auto local = plain_endpoint();
  const auto named = parse_authority(head_->host);
  if (!local || !named) return local;
  return config::Endpoint{named->host, connection_.secure() ? local->port : named->port.value_or(kHttpPort)};
}

void Exchange::answer_pac() {
  record_.subject.edit().url = "larder:/proxy.pac";
  tell_ledger_ = true;
  answer_text(200, pac_script(loop_.site.origins, named_endpoint()), "application/x-ns-proxy-autoconfig",
              {{"Cache-Control", "private, max-age=300"}, {"X-Content-Type-Options", "nosniff"}});
}

void Exchange::answer_locate() {
  const auto request = read_locate_request(body_);
  if (!request) {
    keep_ = false;
    answer_text(400, request.error().message + "\n", kText);
    return;
  }
  reports::FetchSubject& subject = record_.subject.edit();
  subject.url = "larder:/lcdn/locate";
  subject.version = request->os_version;
  subject.build = request->build;
  record_.system = {request->os, request->os_version, request->build, reports::SystemEvidence::locate};
  tell_ledger_ = true;

  const config::Config& config = loop_.config();
  std::vector<LocatedServer> servers;
  const auto add = [&](const config::Endpoint& endpoint, int rank) {
    if (const auto address = config::Address::parse(endpoint.host)) servers.push_back({*address, endpoint.port, rank});
  };
  for (const config::Endpoint& endpoint : config.locator.servers) add(endpoint, 1);
  const auto own = plain_endpoint();
  if (servers.empty() && own) add(*own, 1);
  for (const config::Endpoint& endpoint : config.locator.spares) add(endpoint, 2);
  answer_text(200, locate_answer(servers, config.locator.validity, config.storage.cache_size_bytes), "application/json",
              {{"Cache-Control", "no-store"}});
}

// ---- CONNECT ----

void Exchange::begin_tunnel(const Connect& connect) {
  record_.entrance = reports::Entrance::tunnel;
  record_.subject.edit().url = "https://" + config::Endpoint{connect.host, connect.port}.text();
  record_.token = connect.token;
  if (!connect.token.empty()) record_.token_from = reports::DeviceEvidence::proxy_user;
  const auto agent = loop_.agent(head_->find("User-Agent"));
  record_.system = reports::system_said(*agent);
  keep_ = false;
  if (connect.rule == nullptr) {
    answer_text(403, "Larder tunnels to named origins only, and this host and port are none.\n", kText);
  } else if (connection_.secure()) {
    answer_text(501, "Larder tunnels from its plain listeners only: write the proxy as http.\n", kText);
  } else if (head_->chunked || !body_.empty()) {
    answer_text(400, "A CONNECT has no body.\n", kText);
  } else if (!loop_.room_for_tunnel()) {
    answer_text(503, "As many tunnels are open as limits.tunnels allows.\n", kText,
                {{"Retry-After", std::to_string(limits::kRetryAfter.count())}});
  } else {
    done_ = true;
    recorded_ = true;  // by the tunnel, at its end
    connection_.become_tunnel(connect.host, connect.port, std::move(record_));
  }
}

}  // namespace larder::proxy
