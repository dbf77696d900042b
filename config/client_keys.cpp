// SPDX-License-Identifier: MIT
// Where clients come in, who may, what they may take, and what is kept for them: [listen] to [locator].
#include <array>

#include "config/duration.h"
#include "config/key_tables.h"
#include "config/rate_window_keys.h"
#include "config/read_value.h"
#include "config/show_value.h"

namespace larder::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using P = KeyProblems;

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

constexpr std::array kClientKeys{
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
        "The name by which devices reach Larder: profiles and the certificate of the site's own authority say it. "
        "Empty: "
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
        "A file with a second secret, for whoever may read the reports and the metrics and give no orders: a scraper, "
        "a "
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
        "The certificate of Larder's own name and its chain, PEM. Empty: of the site's own authority, which `larder "
        "tls "
        "init` makes. Read again by a reload and, when it changes, within the hour.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.tls.certificate, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.tls.certificate); }},
    Key{"tls.key", "path", R"("")", R"("/etc/larder/tls/larder.key")", "The certificate's private key, PEM.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.tls.key, read_path(v, p)); }, nullptr,
        [](const Config& c) { return show_path(c.tls.key); }},

    Key{"locator.servers", "list of addresses", "[]", R"(["10.1.2.3:8080", "10.1.2.4:8080"])",
        "Whom /lcdn/locate names to devices that look for a content cache, by numeric address and plain HTTP port. "
        "Empty: "
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
};

}  // namespace

std::span<const Key> client_keys() {
  return kClientKeys;
}

}  // namespace larder::config
