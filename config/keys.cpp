// SPDX-License-Identifier: MIT
#include "config/keys.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "config/duration.h"
#include "config/holdoffs.h"
#include "config/price.h"
#include "config/rate_window_keys.h"
#include "config/read_value.h"
#include "config/show_value.h"
#include "config/webhook_keys.h"

namespace larder::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using P = KeyProblems;

template <class Member, class Read>
void put(Member& member, Read&& value) {
  if (value) member = std::move(*value);
}

constexpr std::uint64_t kLeastCacheBytes = 64 * kMiB;  // fewer chunks than a few fills hold in flight

void set_cache_size(Config& c, const Value& v, P& p) {
  const auto size = read_size(v, p);
  if (size && *size < kLeastCacheBytes) {
    p.add(v.line, "a cache of less than 64 MiB cannot hold even one update; write at least \"64 MiB\"");
  } else {
    put(c.storage.cache_size_bytes, size);
  }
}

void set_storage_path(Config& c, const Value& v, P& p) {
  const auto path = read_path(v, p);
  if (path && path->empty()) p.add(v.line, "this must name a directory, such as \"/var/lib/larder\"");
  put(c.storage.path, path);
}

void set_finish(Config& c, const Value& v, P& p) {
  const auto choice = read_choice(v, {"listed", "always", "never"}, p);
  if (!choice) return;
  c.fills.finish = *choice == "listed"   ? FinishFills::listed
                   : *choice == "always" ? FinishFills::always
                                         : FinishFills::never;
}

void set_access(Config& c, const Value& v, P& p) {
  const auto choice = read_choice(v, {"none", "combined", "json"}, p);
  if (!choice) return;
  c.log.access = *choice == "json"       ? AccessLogFormat::json
                 : *choice == "combined" ? AccessLogFormat::combined
                                         : AccessLogFormat::none;
}

void set_host_name(OriginHost& host, const Value& v, P& p) {
  const auto text = read_text(v, p);
  if (!text) return;
  const bool has_port = text->find(':', text->starts_with('[') ? text->find(']') : 0) != std::string::npos;
  const auto endpoint = Endpoint::parse(has_port ? *text : *text + ":1");
  if (!endpoint || endpoint->port == 0) {
    p.add(v.line, in_quotes(*text) + " is not a host or host:port; write it as \"swcdn.apple.com\"");
    return;
  }
  host.name = endpoint->host;
  if (has_port) host.port = endpoint->port;
}

void set_host_connect_to(OriginHost& host, const Value& v, P& p) {
  const auto text = read_text(v, p);
  if (!text || text->empty()) return;
  auto endpoint = Endpoint::parse(*text);
  if (endpoint && endpoint->port != 0) {
    host.connect_to = std::move(*endpoint);
  } else {
    p.add(v.line, endpoint ? "port 0 cannot be connected to; write the port" : endpoint.error().message);
  }
}

void set_body_rate(Config& c, const Value& v, P& p) {
  const auto size = read_size(v, p);
  if (size && *size == 0) {
    p.add(v.line, "a body without a least rate may never end; write at least \"1 B\"");
  } else {
    put(c.limits.body_rate_bytes, size);
  }
}

constexpr SpanRange kTimeout{seconds(1), hours(1)};
constexpr SpanRange kTunnelSpan{seconds(1), hours(24)};
constexpr CountRange kCount{1, 1000000};

std::string show_finish(const Config& c) {
  constexpr std::array<std::string_view, 3> kNames{"listed", "always", "never"};
  return show_text(kNames.at(static_cast<std::size_t>(c.fills.finish)));
}

std::string show_access(const Config& c) {
  constexpr std::array<std::string_view, 3> kNames{"none", "combined", "json"};
  return show_text(kNames.at(static_cast<std::size_t>(c.log.access)));
}

// Credentials in a proxy's URL are for the proxy alone.
std::string show_proxy(const Config& c) {
  const auto at = c.origins.proxy.rfind('@');
  if (at == std::string::npos) return show_text(c.origins.proxy);
  return show_text(c.origins.proxy.substr(0, c.origins.proxy.find("//") + 2) + "***" + c.origins.proxy.substr(at));
}

std::string host_name(const OriginHost& host) {
  return host.port ? Endpoint{host.name, *host.port}.text() : host.name;
}

template <class Text>
std::string show_hosts(const Config& c, const Text& text) {
  std::vector<std::string> texts;
  for (const auto& host : c.origins.hosts) texts.push_back(text(host));
  return show_list(texts);
}

constexpr std::array kKeys{
    Key{"listen.http", "list of addresses", R"(["0.0.0.0:8080"])", R"(["0.0.0.0:8080", "[::]:8080"])",
        "Where clients reach Larder over plain HTTP: content cache, proxy, update cache and all other plain entrances.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.listen.http, read_listeners(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.listen.http); }},
    Key{"listen.tls", "list of addresses", "[]", R"(["0.0.0.0:8443"])",
        "The same entrances over TLS with Larder's own certificate (tls.certificate, tls.key).", Reload::restart,
        [](Config& c, const Value& v, P& p) { put(c.listen.tls, read_listeners(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.listen.tls); }},
    Key{"listen.sni", "list of addresses", "[]", R"(["0.0.0.0:443"])",
        "Where TLS connections are passed through unread by the server name they ask for, on sites that point the DNS "
        "names of origins at Larder.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.listen.sni, read_listeners(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.listen.sni); }},
    Key{"listen.admin", "list of addresses", R"(["127.0.0.1:8081"])", R"(["127.0.0.1:8081"])",
        "Where the administration page, the API and the metrics are. Beyond loopback it demands "
        "access.admin_token_file.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.listen.admin, read_listeners(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.listen.admin); }},

    Key{"listen.name", "host name", R"("")", R"("larder.example.org")",
        "The name by which devices reach Larder: profiles and the certificate of the site's own authority say it. Empty: "
        "this machine's host name.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.listen.name, read_host(v, p)); }, nullptr,
        [](const Config& c) { return show_text(c.listen.name); }},

    Key{"storage.path", "path", R"("/var/lib/larder")", R"("/srv/larder")",
        "The directory of the cache and the ledger: on a local disk, writable by the user larderd runs as.",
        Reload::restart, set_storage_path, nullptr, [](const Config& c) { return show_path(c.storage.path); }},
    Key{"storage.cache_size", "size", R"("200 GiB")", R"("1 TiB")",
        "How many bytes of updates are kept, at most. At least 64 MiB. What is least worth keeping goes first.",
        Reload::live, set_cache_size, nullptr, [](const Config& c) { return show_size(c.storage.cache_size_bytes); }},
    Key{"storage.reserve", "size", R"("5 GiB")", R"("20 GiB")",
        "Disk space Larder never uses, whatever cache_size allows.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.storage.reserve_bytes, read_size(v, p)); }, nullptr,
        [](const Config& c) { return show_size(c.storage.reserve_bytes); }},

    Key{"storage.scrub", "duration", R"("30d")", R"("7d")",
        "Everything kept is read back against its checks once in this time, slowly; what has rotted is "
        "fetched again when it is next asked for. \"0s\" never does.",
        Reload::restart,
        [](Config& c, const Value& v, P& p) {
          put(c.storage.scrub, read_duration(v, {seconds(0), hours(24 * 3650)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.storage.scrub); }},

    Key{"access.clients", "list of networks", R"(["private"])", R"(["private", "198.51.100.0/24"])",
        "Which addresses may use Larder. \"private\" is loopback, RFC 1918, link-local and unique local addresses; "
        "others are refused.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.access.clients, read_networks(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.access.clients); }},
    Key{"access.admin_token_file", "path", R"("")", R"("/etc/larder/admin-token")",
        "A file with the secret (16 characters or more) that the API and the metrics then demand as a bearer token; "
        "required when listen.admin is more than loopback. Not readable by everyone.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.access.admin_token_file, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.access.admin_token_file); }},
    Key{"access.read_token_file", "path", R"("")", R"("/etc/larder/read-token")",
        "A file with a second secret, for whoever may read the reports and the metrics and give no orders: a scraper, a "
        "dashboard. Needs access.admin_token_file.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.access.read_token_file, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.access.read_token_file); }},

    Key{"limits.head_timeout", "duration", R"("20s")", R"("10s")",
        "How long a client may take for the whole head of a request, however slowly its bytes come; then 408 and "
        "closed. 1s to 1h.",
        Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.limits.head_timeout, read_duration(v, kTimeout, p)); }, nullptr,
        [](const Config& c) { return show_duration(c.limits.head_timeout); }},
    Key{"limits.body_timeout", "duration", R"("30s")", R"("60s")",
        "How long a client may take for the body of a request, and a second more for each limits.body_rate bytes of "
        "it; "
        "then 408 and closed. 1s to 1h.",
        Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.limits.body_timeout, read_duration(v, kTimeout, p)); }, nullptr,
        [](const Config& c) { return show_duration(c.limits.body_timeout); }},
    Key{"limits.body_rate", "size", R"("1 KiB")", R"("10 KiB")",
        "Bytes a second that the body of a request must come at, after limits.body_timeout.", Reload::live,
        set_body_rate, nullptr, [](const Config& c) { return show_size(c.limits.body_rate_bytes); }},
    Key{"limits.keep_alive", "duration", R"("1m15s")", R"("30s")",
        "How long a connection may be quiet between two requests; then closed. 1s to 1h.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.limits.keep_alive, read_duration(v, kTimeout, p)); }, nullptr,
        [](const Config& c) { return show_duration(c.limits.keep_alive); }},
    Key{"limits.send_timeout", "duration", R"("2m")", R"("5m")",
        "A client must take 64 KiB of its answer, or what is left of it, in each such span of time; then reset. A "
        "device "
        "that sleeps for less loses nothing. 1s to 1h.",
        Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.limits.send_timeout, read_duration(v, kTimeout, p)); }, nullptr,
        [](const Config& c) { return show_duration(c.limits.send_timeout); }},
    Key{"limits.connections", "number", "20000", "50000",
        "Client connections at a time, never more than the process may have descriptors (LimitNOFILE); one too many is "
        "answered 503 with Retry-After.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.limits.connections, read_count(v, kCount, p)); },
        nullptr, [](const Config& c) { return std::to_string(c.limits.connections); }},
    Key{"limits.connections_per_client", "number", "4000", "64",
        "The same for one address; one too many is answered 429 with Retry-After.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.limits.connections_per_client, read_count(v, kCount, p)); },
        nullptr, [](const Config& c) { return std::to_string(c.limits.connections_per_client); }},
    Key{"limits.requests", "number", "16000", "2000",
        "Requests under way at a time; one too many is answered 503 with Retry-After.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.limits.requests, read_count(v, kCount, p)); }, nullptr,
        [](const Config& c) { return std::to_string(c.limits.requests); }},
    Key{"limits.tunnels", "number", "2000", "200",
        "Tunnels open at a time (CONNECT, and TLS passed through by listen.sni); one too many is answered 503.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.limits.tunnels, read_count(v, kCount, p)); }, nullptr,
        [](const Config& c) { return std::to_string(c.limits.tunnels); }},
    Key{"limits.tunnel_idle", "duration", R"("5m")", R"("1m")",
        "How long a tunnel may be open without a byte in either direction; then it is cut. 1s to 1d.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.limits.tunnel_idle, read_duration(v, kTunnelSpan, p)); }, nullptr,
        [](const Config& c) { return show_duration(c.limits.tunnel_idle); }},
    Key{"limits.tunnel_life", "duration", R"("12h")", R"("1h")",
        "How long a tunnel may be open at all; then it is cut. 1s to 1d.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.limits.tunnel_life, read_duration(v, kTunnelSpan, p)); }, nullptr,
        [](const Config& c) { return show_duration(c.limits.tunnel_life); }},
    Key{"limits.exempt", "list of networks", R"(["127.0.0.0/8", "::1/128"])", R"(["127.0.0.0/8", "10.1.2.3/32"])",
        "Addresses behind which many clients stand (a load balancer, a NAT): what holds for one address does not hold "
        "for them.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.limits.exempt, read_networks(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.limits.exempt); }},

    Key{"rates.client", "rate", R"("")", R"("100 Mbit/s")",
        "What Larder sends to one address, at most, all its connections together; empty for no limit. Addresses of "
        "limits.exempt have none.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.rates.client, read_rate(v, p)); }, nullptr,
        [](const Config& c) { return show_text(format_rate(c.rates.client)); }},
    Key{"rates.line", "rate", R"("")", R"("50 Mbit/s")",
        "What Larder fetches from all origins together, at most; empty for no limit. It is shared evenly between "
        "the transfers under way.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.rates.line, read_rate(v, p)); }, nullptr,
        [](const Config& c) { return show_text(format_rate(c.rates.line)); }},
    Key{"rates.window.hours", "hours", R"("00:00-24:00")", R"("08:00-17:00")",
        "The hours in local time at which the rates of this table hold; \"22:00-06:00\" lasts until the next day. The "
        "first table that holds decides.",
        Reload::live, nullptr, nullptr, show_window_hours, set_window_hours},
    Key{"rates.window.days", "list of days", R"(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])",
        R"(["mon", "tue", "wed", "thu", "fri"])", "The days on which its hours begin; left away: every day.",
        Reload::live, nullptr, nullptr, show_window_days, set_window_days},
    Key{"rates.window.client", "rate", "", R"("20 Mbit/s")",
        "In place of rates.client; empty for no limit; left away: as outside.", Reload::live, nullptr, nullptr,
        show_window_clients, set_window_client},
    Key{"rates.window.line", "rate", "", R"("10 Mbit/s")",
        "In place of rates.line; empty for no limit; left away: as outside.", Reload::live, nullptr, nullptr,
        show_window_lines, set_window_line},

    Key{"tls.certificate", "path", R"("")", R"("/etc/larder/tls/larder.pem")",
        "The certificate of Larder's own name and its chain, PEM. Empty: of the site's own authority, which `larder tls "
        "init` makes. Read again by a reload and, when it changes, within the hour.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.tls.certificate, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.tls.certificate); }},
    Key{"tls.key", "path", R"("")", R"("/etc/larder/tls/larder.key")", "The certificate's private key, PEM.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.tls.key, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.tls.key); }},

    Key{"locator.servers", "list of addresses", "[]", R"(["10.1.2.3:8080", "10.1.2.4:8080"])",
        "Whom /lcdn/locate names to devices that look for a content cache, by numeric address and plain HTTP port. Empty: "
        "this Larder, at the address the device has reached it by.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.locator.servers, read_servers(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.locator.servers); }},
    Key{"locator.spares", "list of addresses", "[]", R"(["10.9.2.3:8080"])",
        "The same, of the second rank: devices turn to them when none of the first can be reached.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.locator.spares, read_servers(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.locator.spares); }},
    Key{"locator.validity", "duration", R"("1h")", R"("15m")",
        "How long a device may keep what /lcdn/locate has answered; then it asks again. 5m to 1d.", Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.locator.validity, read_duration(v, {seconds(300), hours(24)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.locator.validity); }},

    Key{"updates.holdoff", "duration", R"("24h")", R"("6h")",
        "How long a release that goes backwards must last before clients see it.", Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.updates.holdoff, read_duration(v, {seconds(0), hours(24 * 30)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.updates.holdoff); }},
    Key{"updates.holdoffs", "list of APPLICATION [CHANNEL] DURATION", "[]", R"(["OPIM2019 6h", "MSWD2019 Preview 0s"])",
        "The same for single applications of AutoUpdate, by their ids, in one channel or in all; \"0s\" shows at once what "
        "the origin has. The first that fits counts.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.updates.holdoffs, read_holdoffs(v, p)); }, nullptr,
        [](const Config& c) {
          std::vector<std::string> texts;
          for (const Holdoff& each : c.updates.holdoffs) texts.push_back(holdoff_text(each));
          return show_list(texts);
        }},
    Key{"updates.catalogues", "path", R"("")", R"("/var/lib/larder-catalogues")",
        "A directory of catalogues (sucatalogs, distribution files, mesu catalogues, pmv, SOFA feeds, AppleDB's files, "
        "AutoUpdate manifests) that are known from the start, before a device has asked for one: each at HOST/PATH of "
        "its URL, as `wget -x` writes it; Apple's and the feeds also under any other name.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.updates.catalogues, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.updates.catalogues); }},
    Key{"updates.poll", "list of URLs", "[]",
        R"(["https://gdmf.apple.com/v2/pmv", "https://sofafeed.macadmins.io/v2/macos_data_feed.json"])",
        "Catalogues that Larder itself fetches, about once an hour, if they have changed: those that no device fetches "
        "through it. Empty: none.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.updates.poll, read_urls(v, p)); }, nullptr,
        [](const Config& c) { return show_list(c.updates.poll); }},

    Key{"fills.finish", "listed, always or never", R"("listed")", R"("always")",
        "Whether a download goes on after the last client that wanted it has left: for what a catalogue lists or is "
        "more than half done, for everything, or never.",
        Reload::live, set_finish, nullptr, show_finish},
    Key{"fills.connections_per_origin", "number", "8", "4",
        "Parallel transfers from one origin host, at most. 1 to 64.", Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.fills.connections_per_origin, read_count(v, {1, 64}, p));
        },
        nullptr, [](const Config& c) { return std::to_string(c.fills.connections_per_origin); }},
    Key{"fills.stall", "duration", R"("20s")", R"("60s")",
        "An origin that sends nothing for this long has failed and the transfer is taken up anew. 1s to 10m.",
        Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.fills.stall, read_duration(v, {seconds(1), seconds(600)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.fills.stall); }},
    Key{"fills.attempts", "number", "8", "3",
        "Attempts in a row without one new byte before a download fails. 1 to 100.", Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.fills.attempts, read_count(v, {1, 100}, p));
        },
        nullptr, [](const Config& c) { return std::to_string(c.fills.attempts); }},

    Key{"origins.vendors", "list of names", R"(["apple", "microsoft", "windows"])", R"(["apple"])",
        "Whose built-in lists of origin hosts Larder serves: \"apple\", \"microsoft\" (AutoUpdate and Office for Mac), "
        "\"windows\" (Windows Update, Delivery Optimization).",
        Reload::restart,
        [](Config& c, const Value& v, P& p) {
          put(c.origins.vendors, read_names(v, {"apple", "microsoft", "windows"}, p));
        },
        nullptr, [](const Config& c) { return show_list(c.origins.vendors); }},
    Key{"origins.nameservers", "list of addresses", "[]", R"(["1.1.1.1", "[2606:4700:4700::1111]:53"])",
        "Whom the addresses of origins are asked of, for sites whose own DNS points those names at Larder; empty for "
        "the "
        "system's resolver. Names in connect_to and origins.proxy are always the system's.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.origins.nameservers, read_nameservers(v, p)); },
        nullptr, [](const Config& c) { return show_list(c.origins.nameservers); }},
    Key{"origins.proxy", "URL", R"("")", R"("http://proxy.example.org:3128")",
        "The proxy through which Larder itself reaches the Internet; empty for none.", Reload::restart,
        [](Config& c, const Value& v, P& p) { put(c.origins.proxy, read_proxy_url(v, p)); }, nullptr, show_proxy},
    Key{"origins.ca_file", "path", R"("")", R"("/etc/larder/site-ca.pem")",
        "Certificate authorities, PEM, that origins are checked against; empty for the system's.", Reload::restart,
        [](Config& c, const Value& v, P& p) { put(c.origins.ca_file, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.origins.ca_file); }},

    Key{"origins.host.name", "host or host:port", "", R"("swcdn.apple.com")",
        "The origin host this table adds, or changes when it is built in. Required.", Reload::restart, nullptr,
        set_host_name, [](const Config& c) { return show_hosts(c, host_name); }},
    Key{"origins.host.connect_to", "address or host, with port", R"("")", R"("10.1.2.3:8080")",
        "Where to connect instead of resolving the name: a parent Larder, a mirror, a test.", Reload::restart, nullptr,
        set_host_connect_to,
        [](const Config& c) {
          return show_hosts(c, [](const auto& host) { return host.connect_to ? host.connect_to->text() : ""; });
        }},
    Key{"origins.host.scheme", "http or https", R"("")", R"("http")",
        "Talk to connect_to in this scheme, whatever the URL says; empty for as the URL says.", Reload::restart,
        nullptr,
        [](OriginHost& h, const Value& v, P& p) {
          put(h.scheme, read_choice(v, {"", "http", "https"}, p));
        },
        [](const Config& c) { return show_hosts(c, [](const auto& host) { return host.scheme; }); }},
    Key{"origins.host.networks", "list of networks", "[]", R"(["10.20.0.0/16"])",
        "Where the name may lead beside public addresses: a mirror inside the site. \"private\" is loopback, RFC 1918, "
        "link-local and unique local addresses. Not needed with connect_to.",
        Reload::restart, nullptr, [](OriginHost& h, const Value& v, P& p) { put(h.networks, read_networks(v, p)); },
        [](const Config& c) {
          return show_hosts(c, [](const auto& host) {
            std::string all;
            for (const auto& network : host.networks) all += (all.empty() ? "" : " ") + network.text();
            return all;
          });
        }},
    Key{"origins.host.ca_file", "path", R"("")", R"("/etc/larder/parent-ca.pem")",
        "Certificate authorities, PEM, for this host alone; empty for origins.ca_file.", Reload::restart, nullptr,
        [](OriginHost& h, const Value& v, P& p) { put(h.ca_file, read_path(v, p)); },
        [](const Config& c) { return show_hosts(c, [](const auto& host) { return host.ca_file.string(); }); }},

    Key{"origins.host.cache", "updates or standard", R"("")", R"("standard")",
        "Whose word counts for how long an answer is kept. \"updates\": the name's, where it is known to be an "
        "update's: "
        "versioned packages are kept for ever and catalogues asked for anew each time, though the origin says "
        "no-store, "
        "no-cache, private, max-age or Vary; origins are asked without a client's own fields, cookies are dropped, and "
        "redirects to named origins are followed. \"standard\": the origin's, as RFC 9111 has it, and redirects are "
        "handed on; for what is asked by proxy or steered names, since what Apple's and Windows' own protocols ask for "
        "are updates. Empty: \"updates\" for the vendors' hosts, \"standard\" for all others.",
        Reload::restart, nullptr,
        [](OriginHost& h, const Value& v, P& p) {
          put(h.cache, read_choice(v, {"", "updates", "standard"}, p));
        },
        [](const Config& c) { return show_hosts(c, [](const auto& host) { return host.cache; }); }},

    Key{"identity.lease", "duration", R"("12h")", R"("8h")",
        "How long requests without a token that come from an address are taken for the device that has last fetched its PAC "
        "file, or asked the locator, from there with one. It gets what was asked for from there "
        "before it did, for as long back. No longer than your DHCP server's leases. Where several devices stand behind one "
        "address, none is guessed. \"0s\" never guesses.",
        Reload::restart,
        [](Config& c, const Value& v, KeyProblems& p) {
          put(c.identity.lease, read_duration(v, {seconds(0), hours(24 * 30)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.identity.lease); }},
    Key{"identity.dhcp_leases", "list of paths", "[]", R"(["/var/lib/misc/dnsmasq.leases"])",
        "Files in which DHCP servers keep their leases: dnsmasq's, Kea's (memfile CSV) or ISC dhcpd's. They tell which "
        "hardware has an address beyond a router, and what it calls itself. larderd must be allowed to read them.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.identity.dhcp_leases, read_paths(v, p)); }, nullptr,
        [](const Config& c) {
          return show_list(std::vector<std::string>(c.identity.dhcp_leases.begin(), c.identity.dhcp_leases.end()));
        }},
    Key{"identity.pseudonyms", "true or false", "false", "true",
        "Whether the record names devices and addresses by keyed hashes alone. Every 30 days the key is another, and a "
        "device gets a new name. What was recorded before stays as it is; `larder devices erase` and "
        "ledger.device_retention are for that.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.identity.pseudonyms, read_switch(v, p)); }, nullptr,
        [](const Config& c) { return std::string(c.identity.pseudonyms ? "true" : "false"); }},

    Key{"ledger.retention", "duration", R"("400d")", R"("90d")",
        "How long single fetches are kept; totals stay. \"0s\" keeps everything.", Reload::restart,
        [](Config& c, const Value& v, P& p) {
          put(c.ledger.retention, read_duration(v, {seconds(0), hours(24 * 36500)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.ledger.retention); }},
    Key{"ledger.device_retention", "duration", R"("0s")", R"("400d")",
        "A device that has not been seen for so long is forgotten: its record goes, its fetches stay in the sums that name "
        "no device. \"0s\" forgets none.",
        Reload::restart,
        [](Config& c, const Value& v, P& p) {
          put(c.ledger.device_retention, read_duration(v, {seconds(0), hours(24 * 36500)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.ledger.device_retention); }},

    Key{"reports.price_per_gb", "amount and currency", R"("")", R"("0.05 EUR")",
        "What a gigabyte (10^9 bytes) over the line costs: the summary says what was saved in money. Empty: it does not.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.reports, read_price(v, c.reports, p)); }, nullptr,
        [](const Config& c) { return show_text(price_text(c.reports)); }},
    Key{"reports.line_rate", "rate", R"("")", R"("50 Mbit/s")",
        "How fast the site's line is: the summary says how many hours of it were saved. Empty: it does not.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.reports.line_bytes_per_second, read_rate(v, p)); }, nullptr,
        [](const Config& c) { return show_text(format_rate(c.reports.line_bytes_per_second)); }},

    Key{"log.level", "trace, debug, info, warning or error", R"("info")", R"("debug")",
        "How much larderd says on standard error or in the journal.", Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.log.level, read_choice(v, {"trace", "debug", "info", "warning", "error"}, p));
        },
        nullptr, [](const Config& c) { return show_text(c.log.level); }},
    Key{"log.access", "none, combined or json", R"("none")", R"("combined")",
        "Whether each request is a line in log.access_file, for other programs to read: in the form of Apache and nginx, or "
        "as JSON.",
        Reload::live, set_access, nullptr, show_access},
    Key{"log.access_file", "path", R"("")", R"("/var/log/larder/access.log")",
        "The file of these lines. A reload opens it anew, as logrotate needs it.", Reload::live,
        [](Config& c, const Value& v, P& p) { put(c.log.access_file, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.log.access_file); }},
    Key{"log.journal_fetches", "true or false", "false", "true",
        "Whether each request is an entry of the system's journal, with fields to ask for: journalctl "
        "LARDER_DEVICE=C02XY1234567.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.log.journal_fetches, read_switch(v, p)); }, nullptr,
        [](const Config& c) { return std::string(c.log.journal_fetches ? "true" : "false"); }},

    Key{"webhooks.spread_percent", "number", "90", "50",
        "A release counts as spread, and \"release_spread\" is told, when so many of a hundred devices that use its "
        "product have it whole. 1 to 100.",
        Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.webhooks.spread_percent, read_count(v, {1, 100}, p));
        },
        nullptr, [](const Config& c) { return std::to_string(c.webhooks.spread_percent); }},
    Key{"webhooks.hook.url", "URL", "", R"("https://hooks.slack.com/services/T000/B000/XXXX")",
        "Where events are sent by POST. Required. Redirects are not followed. Through origins.proxy where one is set, but "
        "for private addresses and names without a dot.",
        Reload::live, nullptr, nullptr, show_webhook_urls, nullptr, set_webhook_url},
    Key{"webhooks.hook.format", "json, slack or teams", R"("json")", R"("slack")",
        "What is sent: the event's fields as JSON, a message for Slack, or an Adaptive Card for a workflow of Microsoft "
        "Teams.",
        Reload::live, nullptr, nullptr, show_webhook_formats, nullptr, set_webhook_format},
    Key{"webhooks.hook.secret_file", "path", R"("")", R"("/etc/larder/webhook-secret")",
        "A file with a secret (16 characters or more) that signs what is sent: Larder-Signature. Not readable by "
        "everyone. Empty: not signed.",
        Reload::live, nullptr, nullptr, show_webhook_secret_files, nullptr, set_webhook_secret_file},
    Key{"webhooks.hook.events", "list of names", "[]", R"(["release_seen", "disk", "origin_down"])",
        "What is told: \"release_seen\", \"release_spread\", \"catalogue_stale\", \"integrity_mismatch\", \"disk\", "
        "\"origin_down\". Empty: all.",
        Reload::live, nullptr, nullptr, show_webhook_events, nullptr, set_webhook_events},
};

}  // namespace

std::span<const Key> keys() {
  return kKeys;
}

const Key* find_key(std::string_view name) {
  const auto* const found = std::find_if(kKeys.begin(), kKeys.end(), [&](const Key& key) { return key.name == name; });
  return found == kKeys.end() ? nullptr : found;
}

std::string_view nearest_key(std::string_view name) {
  const std::string_view last = name.substr(name.rfind('.') + 1);
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) {
    if (key.name.substr(key.name.rfind('.') + 1) == last) return key.name;  // right key, wrong table
    names.push_back(key.name);
  }
  return nearest(name, names);
}

std::vector<std::string_view> table_names() {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) {
    const auto table = key.name.substr(0, key.name.rfind('.'));
    if (std::find(names.begin(), names.end(), table) == names.end()) names.push_back(table);
  }
  return names;
}

bool can_be_many(std::string_view table) {
  return std::any_of(kKeys.begin(), kKeys.end(),
                     [&](const Key& key) { return key.of_many() && key.name.substr(0, key.name.rfind('.')) == table; });
}

std::string_view to_string(Reload reload) {
  return reload == Reload::live ? "reload" : "restart";
}

}  // namespace larder::config
