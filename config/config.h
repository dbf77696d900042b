// SPDX-License-Identifier: MIT
// Config: what larder.toml says, validated, in the program's own types. Immutable once loaded; shared by all threads.
// The table of keys (name, type, default, meaning, reloadable or not) is config/keys.h; this is what it fills.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/result.h"
#include "config/network.h"
#include "config/rates.h"

namespace larder::config {

struct ListenConfig {
  std::vector<Endpoint> http;
  std::vector<Endpoint> tls;
  std::vector<Endpoint> sni;
  std::vector<Endpoint> admin;
  std::string name;  // by which devices reach Larder, lower case; empty: the machine's host name
};

struct StorageConfig {
  std::filesystem::path path;
  std::uint64_t cache_size_bytes = 200 * kGiB;
  std::uint64_t reserve_bytes = 5 * kGiB;
  std::chrono::seconds scrub = std::chrono::hours(24 * 30);  // everything kept is read back once in this time; 0: never
};

struct AccessConfig {
  std::vector<Network> clients;            // "private" already expanded
  std::filesystem::path admin_token_file;  // empty: none
  std::filesystem::path read_token_file;   // empty: none; otherwise admin_token_file is none either
};

// What one client, and all of them, may take of Larder. The defaults have their reasons in base/limits.h.
struct LimitsConfig {
  std::chrono::seconds head_timeout = limits::kHeadTimeout;  // for a whole head
  std::chrono::seconds body_timeout = limits::kBodyTimeout;  // and one second more for each body_rate bytes
  std::uint64_t body_rate_bytes = limits::kBodyRate;         // a second
  std::chrono::seconds keep_alive = limits::kKeepAlive;
  std::chrono::seconds send_timeout = limits::kSendTimeout;  // for each limits::kSendLeast bytes
  std::uint32_t connections = limits::kConnections;
  std::uint32_t connections_per_client = limits::kConnectionsPerClient;
  std::uint32_t requests = limits::kRequests;  // under way
  std::uint32_t tunnels = limits::kTunnels;
  std::chrono::seconds tunnel_idle = limits::kTunnelIdle;
  std::chrono::seconds tunnel_life = limits::kTunnelLife;
  std::vector<Network> exempt = loopback_networks();  // each address may be many clients
};

struct TlsConfig {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

// What devices that look for a content cache are told (proxy/locator.h).
struct LocatorConfig {
  std::vector<Endpoint> servers;  // empty: the address the device has reached
  std::vector<Endpoint> spares;   // of the second rank
  std::chrono::seconds validity = std::chrono::hours(1);
};

// A holdoff of one AutoUpdate application, in one channel or in all.
struct Holdoff {
  std::string application;  // as in 0409<application>, upper case
  std::string channel;      // empty: every channel
  std::chrono::seconds lasting{0};
};

struct UpdatesConfig {
  std::chrono::seconds holdoff = std::chrono::hours(24);
  std::vector<Holdoff> holdoffs;     // the first that fits goes before `holdoff`
  std::filesystem::path catalogues;  // empty: none
  std::vector<std::string> poll;     // URLs
};

// When a fill goes on after its last asker left.
enum class FinishFills { listed, always, never };  // listed: what a catalogue lists, and what is more than half done

struct FillsConfig {
  FinishFills finish = FinishFills::listed;
  std::uint32_t connections_per_origin = 8;               // parallel transfers from one origin host
  std::chrono::seconds stall = std::chrono::seconds(20);  // an origin that sends nothing for this long has failed
  std::uint32_t attempts = 8;  // consecutive attempts without one new byte before a fill fails
};

// One origin host named by the configuration, on top of or in place of a built-in one (updates/hosts.h).
struct OriginHost {
  std::string name;                    // lower case
  std::optional<std::uint16_t> port;   // only this port, when given
  std::optional<Endpoint> connect_to;  // connect there instead of resolving the name
  std::string scheme;                  // "http", "https" or "" (as the URL says)
  std::filesystem::path ca_file;       // empty: the system's
  std::string cache;                   // "updates", "standard" or "" (updates for vendors' hosts, else standard)
  std::vector<Network> networks;       // where the name may lead beside public addresses; "private" already expanded
};

struct OriginsConfig {
  std::vector<std::string> vendors = {"apple", "microsoft", "windows"};
  std::vector<OriginHost> hosts;
  std::vector<Endpoint> nameservers;  // whom origins' addresses are asked of; none: the system's resolver
  std::string proxy;                  // upstream proxy URL, empty: none
  std::filesystem::path ca_file;      // for every origin; empty: the system's
};

struct IdentityConfig {
  std::chrono::seconds lease = std::chrono::hours(12);  // how long a PAC's token tells whose an address is; 0 never
  std::vector<std::filesystem::path> dhcp_leases;       // files of dnsmasq, Kea or ISC DHCP; empty: none
  bool reverse_names = false;                           // whether nameservers are asked what clients are called
  std::vector<Endpoint> nameservers;                    // whom for that; none: the system's
  bool pseudonyms = false;                              // a keyed hash stands where a device's identity would
};

struct LedgerConfig {
  std::chrono::seconds retention = std::chrono::hours(24 * 400);  // raw fetches older than this are dropped
  std::chrono::seconds device_retention{0};                       // a device not seen for so long is erased; 0: never
};

// What a byte not fetched over the line is worth, for the summary.
struct ReportsConfig {
  double price_per_gb = 0;  // 10^9 bytes, in `currency`; 0: no money is shown
  std::string currency = "EUR";
  std::uint64_t line_bytes_per_second = 0;  // 0: no hours are shown
};

enum class AccessLogFormat { none, combined, json };

struct LogConfig {
  std::string level = "info";  // trace, debug, info, warning, error
  AccessLogFormat access = AccessLogFormat::none;
  std::filesystem::path access_file;  // opened anew on SIGHUP
  bool journal_fetches = false;       // each fetch is an entry of the journal, with fields of its own
};

// Whom Larder tells of events, by POST.
struct Webhook {
  std::string url;
  std::string format = "json";        // json, slack, teams
  std::filesystem::path secret_file;  // signs what is sent; empty: not signed
  std::vector<std::string> events;    // empty: all
};

struct WebhooksConfig {
  std::vector<Webhook> hooks;
  std::uint32_t spread_percent = 90;  // of the devices that use a product, for "release_spread"
};

struct Config {
  std::filesystem::path file;  // where it came from; empty: built-in defaults
  ListenConfig listen;
  StorageConfig storage;
  AccessConfig access;
  LimitsConfig limits;
  RatesConfig rates;
  TlsConfig tls;
  LocatorConfig locator;
  UpdatesConfig updates;
  FillsConfig fills;
  OriginsConfig origins;
  IdentityConfig identity;
  LedgerConfig ledger;
  ReportsConfig reports;
  LogConfig log;
  WebhooksConfig webhooks;
};

}  // namespace larder::config
