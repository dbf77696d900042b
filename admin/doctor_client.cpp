// SPDX-License-Identifier: MIT
// What the doctor sees of one device: what it did last and by which entrance, how it is known, which entrances it has
// never used, and what it should have done. From the ledger, and from who is connected now.
#include <algorithm>
#include <array>
#include <mutex>

#include "admin/doctor_json.h"
#include "admin/handlers.h"
#include "admin/own_name.h"
#include "admin/query.h"
#include "base/bytes.h"
#include "base/text.h"
#include "updates/canonical.h"
#include "updates/hosts.h"

namespace larder::admin {
namespace {

using reports::DeviceEvidence;
using reports::DeviceRow;
using reports::Entrance;
using reports::FetchRecord;

constexpr std::chrono::days kLongAgo{14};
constexpr std::size_t kPage = 1000;

// ---- what is on record ----

struct Use {
  std::uint64_t requests = 0;
  std::uint64_t bytes_sent = 0;
  WallTime last_hour;
};

constexpr auto kEntrances =
    std::to_array<Entrance>({Entrance::content_cache, Entrance::update_cache, Entrance::proxy, Entrance::tunnel,
                             Entrance::steered, Entrance::sni, Entrance::delivery_optimization, Entrance::helper});

struct Client {
  reports::DeviceDetail detail;
  std::array<Use, kEntrances.size()> uses;  // as kEntrances
  std::size_t others = 0;                   // that the question fits as well, seen longer ago

  const Use& use(Entrance entrance) const {
    return uses.at(
        static_cast<std::size_t>(std::find(kEntrances.begin(), kEntrances.end(), entrance) - kEntrances.begin()));
  }
  bool used(Entrance entrance) const { return use(entrance).requests > 0; }
  // Of the fetches that are held singly, the newest of this URL.
  const FetchRecord* newest(std::string_view url) const {
    const auto found = std::find_if(detail.recent.begin(), detail.recent.end(),
                                    [&](const FetchRecord& fetch) { return fetch.subject->url == url; });
    return found == detail.recent.end() ? nullptr : &*found;
  }
};

bool fits(const DeviceRow& row, const std::string& asked, const std::string& address) {
  return row.id == asked || (!address.empty() && row.address == address) || equals_ignoring_case(row.mac, asked) ||
         equals_ignoring_case(row.serial, asked) || equals_ignoring_case(row.name, asked) ||
         equals_ignoring_case(row.host_name, asked);
}

// The device of this id; else the one last seen of those with this address, hardware address, serial number, name or
// host name.
Result<std::optional<Client>> find_client(reports::Ledger& ledger, const std::string& asked) {
  Client client;
  auto by_id = ledger.device(asked);
  std::string id = by_id ? asked : "";
  if (!by_id && by_id.error().kind != ErrorKind::not_found) return std::move(by_id).error();
  if (!by_id) {
    const auto parsed = config::Address::parse(asked);
    const std::string address = parsed ? parsed->text() : "";
    WallTime newest;
    reports::Filter filter;
    filter.limit = kPage;
    do {
      auto page = ledger.devices(filter);
      if (!page) return std::move(page).error();
      for (const DeviceRow& row : page->items) {
        if (!fits(row, asked, address)) continue;
        if (!id.empty()) ++client.others;
        if (id.empty() || row.last_seen > newest) {
          id = row.id;
          newest = row.last_seen;
        }
      }
      filter.cursor = page->next_cursor;
    } while (!filter.cursor.empty());
    if (id.empty()) return std::optional<Client>();
    by_id = ledger.device(id);
    if (!by_id) return std::move(by_id).error();
  }
  client.detail = std::move(*by_id);
  reports::Filter filter;
  filter.device = id;
  filter.limit = kPage;
  do {
    auto page = ledger.traffic(filter);
    if (!page) return std::move(page).error();
    for (const reports::TrafficRow& row : page->items) {
      const auto* at = std::find(kEntrances.begin(), kEntrances.end(), row.entrance);
      if (at == kEntrances.end()) continue;
      Use& use = client.uses.at(static_cast<std::size_t>(at - kEntrances.begin()));
      use.requests += row.requests;
      use.bytes_sent += row.bytes_sent;
      use.last_hour = std::max(use.last_hour, row.hour);
    }
    filter.cursor = page->next_cursor;
  } while (!filter.cursor.empty());
  return std::optional(std::move(client));
}

// ---- what is made of it ----

std::string self_test_address(const config::Config& config) {
  const std::string port = config.listen.http.empty() ? "" : ":" + std::to_string(config.listen.http.front().port);
  return "http://" + own_name(config) + port + "/self-test";
}

void examine_address(const Desk& desk, const std::string& text, Findings& findings) {
  const auto address = config::Address::parse(text);
  if (!address) return;
  if (config::any_contains(desk.config->access.clients, *address)) return;
  findings.push_back({"access", text, Verdict::bad,
                      "access.clients does not allow this address: it is refused everything",
                      "add its network to access.clients"});
}

void examine_unknown(const Desk& desk, const std::string& asked, Findings& findings) {
  findings.push_back({"seen", asked, Verdict::bad, "nothing it has asked for is on record",
                      "open " + self_test_address(*desk.config) +
                          " in its browser: that tells whether it reaches Larder, and as whom; when it does, see "
                          "whether the profile is installed (larder profile --help)"});
  examine_address(desk, asked, findings);
}

void examine_last(const Desk& desk, const Client& client, Findings& findings) {
  const DeviceRow& row = client.detail.device;
  const bool long_ago = desk.sources.clock.now() - row.last_seen > kLongAgo;
  std::string found = "last seen " + to_rfc3339(row.last_seen) + " at " + row.address;
  if (client.others > 0) {
    found += "; " + std::to_string(client.others) + " other" + (client.others == 1 ? "" : "s") +
             " that this fits as well had been seen before it";
  }
  findings.push_back({"seen", "", long_ago ? Verdict::warning : Verdict::good, std::move(found),
                      long_ago ? "open " + self_test_address(*desk.config) +
                                     " in its browser: that tells whether it still reaches Larder"
                               : ""});
}

void examine_identity(const Client& client, Findings& findings) {
  switch (client.detail.device.evidence) {
    case DeviceEvidence::token:
      findings.push_back({"identity", "", Verdict::good, "it names itself by the token of its profile", ""});
      return;
    case DeviceEvidence::proxy_user:
      findings.push_back({"identity", "", Verdict::good, "it names itself by the user name it gives the proxy", ""});
      return;
    case DeviceEvidence::lease:
      findings.push_back({"identity", "", Verdict::good, "it had named itself from its address not long before", ""});
      return;
    case DeviceEvidence::mac:
    case DeviceEvidence::dhcp:
      findings.push_back({"identity", "", Verdict::warning,
                          "it is known by its hardware address only, which phones change from network to network",
                          "give it a profile whose addresses name it (larder profile KIND --mdm MDM)"});
      return;
    case DeviceEvidence::name:
      findings.push_back({"identity", "", Verdict::warning,
                          "it is known only by what a nameserver calls its address, which is as true as the site's DNS",
                          "give it a profile whose addresses name it (larder profile KIND --mdm MDM)"});
      return;
    case DeviceEvidence::address:
      break;
  }
  findings.push_back({"identity", "", Verdict::warning,
                      "it is known by its address only, which is another device's tomorrow",
                      "give it a profile whose addresses name it (larder profile KIND --mdm MDM)"});
}

// Ways by which what is asked for can be kept.
constexpr auto kCaching = std::to_array<Entrance>({Entrance::content_cache, Entrance::update_cache, Entrance::proxy,
                                                   Entrance::steered, Entrance::delivery_optimization});

bool uses_cache(const Client& client) {
  return std::any_of(kCaching.begin(), kCaching.end(), [&](Entrance entrance) { return client.used(entrance); });
}

void examine_use(const Client& client, Findings& findings) {
  if (uses_cache(client)) {
    std::string by;
    for (const Entrance entrance : kCaching) {
      if (client.used(entrance)) by += (by.empty() ? "" : ", ") + std::string(to_string(entrance));
    }
    findings.push_back({"updates", "", Verdict::good, "it asks for updates by: " + by, ""});
    return;
  }
  findings.push_back({"updates", "", Verdict::warning, "it has asked for nothing through Larder that could be kept",
                      "see that a profile which leads updates here is installed (larder profile --help), and have it "
                      "look for updates"});
}

void examine_script(const Client& client, Findings& findings) {
  const FetchRecord* script = client.newest("larder:/proxy.pac");
  const bool proxied = client.used(Entrance::proxy) || client.used(Entrance::tunnel);
  if (script == nullptr) return;
  const std::string when = "it has fetched the proxy script at " + to_rfc3339(script->time);
  if (proxied) {
    findings.push_back({"proxy script", "", Verdict::good, when + " and uses Larder as its proxy", ""});
  } else {
    findings.push_back({"proxy script", "", Verdict::warning, when + " and has sent nothing through Larder by it",
                        "have it look for updates; if nothing comes, the script's address is not what its network "
                        "settings use, or they were overruled by another profile"});
  }
}

void examine_locator(const Client& client, Findings& findings) {
  const FetchRecord* located = client.newest("larder:/lcdn/locate");
  if (located == nullptr) return;
  const std::string when = "it has asked where content caches are at " + to_rfc3339(located->time);
  if (client.used(Entrance::content_cache)) {
    findings.push_back({"locator", "", Verdict::good, when + " and fetches from Larder as one", ""});
  } else {
    findings.push_back({"locator", "", Verdict::warning, when + " and has fetched nothing from Larder as one",
                        "run AssetCacheLocatorUtil on it: Larder's address must be among the servers found; then have "
                        "it look for updates"});
  }
}

// The hosts of updates among the newest fetches that went by https, unread.
std::vector<std::string> tunnelled_hosts(const Client& client) {
  std::vector<std::string> hosts;
  for (const FetchRecord& fetch : client.detail.recent) {
    if (fetch.entrance != Entrance::tunnel && fetch.entrance != Entrance::sni) continue;
    const auto url = updates::Url::parse(fetch.subject->url);
    if (url && std::find(hosts.begin(), hosts.end(), url->host) == hosts.end()) hosts.push_back(url->host);
  }
  return hosts;
}

void examine_tunnels(const Client& client, Findings& findings) {
  const std::uint64_t unread = client.use(Entrance::tunnel).bytes_sent + client.use(Entrance::sni).bytes_sent;
  if (unread == 0) return;
  constexpr std::size_t kNamed = 3;
  bool microsoft = false;
  std::string named;
  const auto hosts = tunnelled_hosts(client);
  for (const std::string& host : hosts) {
    const updates::Host* known = updates::find_host(host);
    microsoft = microsoft || (known != nullptr && known->vendor == updates::Vendor::microsoft);
  }
  for (std::size_t i = 0; i < std::min(hosts.size(), kNamed); ++i) named += (i == 0 ? "" : ", ") + hosts[i];
  if (hosts.size() > kNamed) named += ", ...";
  std::uint64_t kept = 0;
  for (const Entrance entrance : kCaching) kept += client.use(entrance).bytes_sent;
  const std::string found = format_bytes(unread) + " went by https through tunnels, which nobody can keep" +
                            (named.empty() ? "" : " (" + named + ")") + "; " + format_bytes(kept) +
                            " by ways that can be";
  if (unread <= kept) {
    findings.push_back({"tunnels", "", Verdict::good, found, ""});
    return;
  }
  findings.push_back({"tunnels", "", Verdict::warning, found,
                      microsoft ? "let AutoUpdate ask Larder itself (larder profile mau)"
                                : "let it ask Larder as a content cache (larder profile content-cache)"});
}

void examine_autoupdate(const Client& client, Findings& findings) {
  if (client.detail.device.os != "macOS" || client.used(Entrance::update_cache)) return;
  findings.push_back({"AutoUpdate", "", Verdict::warning, "Microsoft AutoUpdate on it has never asked Larder",
                      "if it has Microsoft's applications, install larder profile mau, and look with "
                      "`defaults read com.microsoft.autoupdate2` on it whether UpdateCache is there"});
}

void examine_failures(const Client& client, Findings& findings) {
  const auto bad = [](const FetchRecord& fetch) {
    return fetch.answered == reports::Answered::refused || fetch.answered == reports::Answered::failed;
  };
  const auto& recent = client.detail.recent;
  const auto count = std::count_if(recent.begin(), recent.end(), bad);
  if (count == 0) return;
  const FetchRecord& last = *std::find_if(recent.begin(), recent.end(), bad);
  findings.push_back({"refusals", "", Verdict::warning,
                      std::to_string(count) + " of its last " + std::to_string(recent.size()) +
                          " requests were refused or failed; the newest at " + to_rfc3339(last.time) + " with " +
                          std::to_string(last.status) + (last.subject->url.empty() ? "" : ": " + last.subject->url),
                      last.answered == reports::Answered::failed
                          ? "see larder doctor for the origins"
                          : "403: the host is no origin ([origins] in larder.toml); 404 or 421: the path means nothing "
                            "here, so the profile's address is wrong"});
}

// ---- the answer ----

// Whether the configuration opens it. The rest is what devices ask of the plain listeners.
bool is_configured(Entrance entrance, const config::ListenConfig& listen) {
  if (entrance == Entrance::sni) return !listen.sni.empty();
  if (entrance == Entrance::tunnel || entrance == Entrance::proxy) return !listen.http.empty();
  return !listen.http.empty() || !listen.tls.empty();
}

Json entrances_json(const Client& client, const config::ListenConfig& listen) {
  Json list = Json::array();
  for (const Entrance entrance : kEntrances) {
    const Use& use = client.use(entrance);
    list.push_back({{"entrance", to_string(entrance)},
                    {"configured", is_configured(entrance, listen)},
                    {"requests", use.requests},
                    {"bytes_sent", use.bytes_sent},
                    {"last_hour", use.requests == 0 ? Json(nullptr) : Json(to_rfc3339(use.last_hour))}});
  }
  return list;
}

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json device_json(const DeviceRow& row) {
  return {{"id", row.id},
          {"evidence", to_string(row.evidence)},
          {"serial", text_or_null(row.serial)},
          {"name", text_or_null(row.name)},
          {"address", row.address},
          {"mac", text_or_null(row.mac)},
          {"os", text_or_null(row.os)},
          {"os_version", text_or_null(row.os_version)},
          {"requests", row.requests},
          {"first_seen", to_rfc3339(row.first_seen)},
          {"last_seen", to_rfc3339(row.last_seen)}};
}

Json last_json(const std::vector<FetchRecord>& recent) {
  if (recent.empty()) return nullptr;
  const FetchRecord& last = recent.front();
  return {{"time", to_rfc3339(last.time)},        {"entrance", to_string(last.entrance)},
          {"answered", to_string(last.answered)}, {"status", last.status},
          {"bytes_sent", last.bytes_sent},        {"url", last.subject->url}};
}

}  // namespace

void examine_client(const Desk& desk, const Request& request, const Reply& reply) {
  const auto query = Query::parse(request.query, {});
  if (!query) return reply(problem(query.error()));
  const std::string& asked = request.parameter;
  auto found = find_client(desk.sources.ledger, asked);
  if (!found) return reply(problem(found.error()));
  Findings findings;
  Json answer;
  answer["asked"] = asked;
  answer["device"] = nullptr;
  answer["connections"] = 0;
  answer["last"] = nullptr;
  answer["entrances"] = Json::array();
  std::string address = asked;
  if (const auto& client = *found) {
    address = client->detail.device.address;
    answer["device"] = device_json(client->detail.device);
    answer["last"] = last_json(client->detail.recent);
    answer["entrances"] = entrances_json(*client, desk.config->listen);
    examine_last(desk, *client, findings);
    if (!desk.config->identity.pseudonyms) examine_address(desk, address, findings);
    examine_identity(*client, findings);
    examine_use(*client, findings);
    examine_script(*client, findings);
    examine_locator(*client, findings);
    examine_tunnels(*client, findings);
    examine_autoupdate(*client, findings);
    examine_failures(*client, findings);
  } else {
    examine_unknown(desk, asked, findings);
  }
  const auto parsed = config::Address::parse(address);
  if (parsed && desk.sources.connections_of) answer["connections"] = desk.sources.connections_of(*parsed);
  reply(with_findings(desk, std::move(answer), findings));
}

}  // namespace larder::admin
