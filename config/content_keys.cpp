// SPDX-License-Identifier: MIT
// What is fetched, from where, and what is made known of it: [updates] to [webhooks].
#include <array>

#include "config/duration.h"
#include "config/holdoffs.h"
#include "config/key_tables.h"
#include "config/price.h"
#include "config/read_value.h"
#include "config/show_value.h"
#include "config/webhook_keys.h"

namespace larder::config {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using P = KeyProblems;

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

constexpr std::array kContentKeys{
    Key{"updates.holdoff", "duration", R"("24h")", R"("6h")",
        "How long a release that goes backwards must last before clients see it.", Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.updates.holdoff, read_duration(v, {seconds(0), hours(24 * 30)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.updates.holdoff); }},
    Key{"updates.holdoffs", "list of APPLICATION [CHANNEL] DURATION", "[]", R"(["OPIM2019 6h", "MSWD2019 Preview 0s"])",
        "The same for single applications of AutoUpdate, by their ids, in one channel or in all; \"0s\" shows at once "
        "what "
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
        "How long requests without a token that come from an address are taken for the device that has last fetched "
        "its PAC "
        "file, or asked the locator, from there with one. It gets what was asked for from there "
        "before it did, for as long back. No longer than your DHCP server's leases. Where several devices stand behind "
        "one "
        "address, none is guessed. \"0s\" never guesses.",
        Reload::restart,
        [](Config& c, const Value& v, KeyProblems& p) {
          put(c.identity.lease, read_duration(v, {seconds(0), hours(24 * 30)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.identity.lease); }},
    Key{"identity.dhcp_leases", "list of paths", "[]", R"(["/var/lib/misc/dnsmasq.leases"])",
        "Files in which DHCP servers keep their leases: dnsmasq's, Kea's (memfile CSV) or ISC dhcpd's. They tell which "
        "hardware has an address beyond a router, and what it calls itself. larderd must be allowed to read them.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.identity.dhcp_leases, read_paths(v, p)); },
        nullptr,
        [](const Config& c) {
          return show_list(std::vector<std::string>(c.identity.dhcp_leases.begin(), c.identity.dhcp_leases.end()));
        }},
    Key{"identity.reverse_names", "true or false", "false", "true",
        "Whether nameservers are asked what the addresses of clients are called. A device of which nothing else is "
        "known "
        "is then known by that name, if the name leads back to its address.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.identity.reverse_names, read_switch(v, p)); },
        nullptr, [](const Config& c) { return std::string(c.identity.reverse_names ? "true" : "false"); }},
    Key{"identity.nameservers", "list of addresses", "[]", R"(["10.1.0.53"])",
        "Whom identity.reverse_names asks: the site's own nameservers, which know the names of its devices; empty for "
        "the system's. Never origins.nameservers, which may be outside.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.identity.nameservers, read_nameservers(v, p)); },
        nullptr, [](const Config& c) { return show_list(c.identity.nameservers); }},
    Key{"identity.pseudonyms", "true or false", "false", "true",
        "Whether the record names devices and addresses by keyed hashes alone. Every 30 days the key is another, and a "
        "device gets a new name. What was recorded before stays as it is; `larder devices erase` and "
        "ledger.device_retention are for that.",
        Reload::restart, [](Config& c, const Value& v, P& p) { put(c.identity.pseudonyms, read_switch(v, p)); },
        nullptr, [](const Config& c) { return std::string(c.identity.pseudonyms ? "true" : "false"); }},

    Key{"ledger.retention", "duration", R"("400d")", R"("90d")",
        "How long single fetches are kept; totals stay. \"0s\" keeps everything.", Reload::restart,
        [](Config& c, const Value& v, P& p) {
          put(c.ledger.retention, read_duration(v, {seconds(0), hours(24 * 36500)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.ledger.retention); }},
    Key{"ledger.device_retention", "duration", R"("0s")", R"("400d")",
        "A device that has not been seen for so long is forgotten: its record goes, its fetches stay in the sums that "
        "name "
        "no device. \"0s\" forgets none.",
        Reload::restart,
        [](Config& c, const Value& v, P& p) {
          put(c.ledger.device_retention, read_duration(v, {seconds(0), hours(24 * 36500)}, p));
        },
        nullptr, [](const Config& c) { return show_duration(c.ledger.device_retention); }},

    Key{"reports.price_per_gb", "amount and currency", R"("")", R"("0.05 EUR")",
        "What a gigabyte (10^9 bytes) over the line costs: the summary says what was saved in money. Empty: it does "
        "not.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.reports, read_price(v, c.reports, p)); }, nullptr,
        [](const Config& c) { return show_text(price_text(c.reports)); }},
    Key{"reports.line_rate", "rate", R"("")", R"("50 Mbit/s")",
        "How fast the site's line is: the summary says how many hours of it were saved. Empty: it does not.",
        Reload::live, [](Config& c, const Value& v, P& p) { put(c.reports.line_bytes_per_second, read_rate(v, p)); },
        nullptr, [](const Config& c) { return show_text(format_rate(c.reports.line_bytes_per_second)); }},

    Key{"log.level", "trace, debug, info, warning or error", R"("info")", R"("debug")",
        "How much larderd says on standard error or in the journal.", Reload::live,
        [](Config& c, const Value& v, P& p) {
          put(c.log.level, read_choice(v, {"trace", "debug", "info", "warning", "error"}, p));
        },
        nullptr, [](const Config& c) { return show_text(c.log.level); }},
    Key{"log.access", "none, combined or json", R"("none")", R"("combined")",
        "Whether each request is a line in log.access_file, for other programs to read: in the form of Apache and "
        "nginx, or "
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
        "Where events are sent by POST. Required. Redirects are not followed. Through origins.proxy where one is set, "
        "but "
        "for private addresses and names without a dot.",
        Reload::live, nullptr, nullptr, show_webhook_urls, nullptr, set_webhook_url},
    Key{"webhooks.hook.format", "json, slack or teams", R"("json")", R"("slack")",
        "What is sent: the event's fields as JSON, a message for Slack, or an Adaptive Card for a workflow of "
        "Microsoft "
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

std::span<const Key> content_keys() {
  return kContentKeys;
}

}  // namespace larder::config
