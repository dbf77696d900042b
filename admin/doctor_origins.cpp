// SPDX-License-Identifier: MIT
// What the doctor sees of the Internet from here: origins, the proxy before them, their clocks, and names.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "admin/doctor.h"
#include "proxy/name_probe.h"
#include "proxy/origin_guard.h"
#include "proxy/origin_probe.h"
#include "updates/canonical.h"

namespace larder::admin {
namespace {

// One small thing of each vendor's main hosts; only its head is asked for. Any answer of HTTP, 404 too, shows that the
// host is reached and speaks.
struct WellKnown {
  std::string_view vendor;
  std::string_view url;
};
constexpr auto kWellKnown = std::to_array<WellKnown>(
    {{"apple", "http://swcdn.apple.com/"},
     {"apple", "https://updates.cdn-apple.com/"},
     {"apple", "https://swscan.apple.com/content/catalogs/index.sucatalog"},
     {"microsoft",
      "https://res.public.onecdn.static.microsoft/mro1cdnstorage/C1297A47-86C4-4C1F-97FA-950631F94777/MacAutoupdate/"
      "0409MSau04.xml"},
     {"windows", "http://download.windowsupdate.com/"},
     {"windows", "http://tlu.dl.delivery.mp.microsoft.com/"}});
// Of the hosts that the configuration adds, so many are asked.
constexpr std::size_t kConfigured = 24;
constexpr std::uint16_t kHttpsPort = 443;
constexpr std::chrono::minutes kClockBad{5};
constexpr std::chrono::minutes kClockPoor{1};

const config::OriginHost* host_named(const config::OriginsConfig& origins, const std::string& name) {
  const auto found = std::find_if(origins.hosts.begin(), origins.hosts.end(),
                                  [&](const config::OriginHost& host) { return host.name == name; });
  return found == origins.hosts.end() ? nullptr : &*found;
}

std::vector<std::string> urls_to_ask(const config::OriginsConfig& origins) {
  std::vector<std::string> urls;
  std::set<std::string> hosts;
  for (const WellKnown& known : kWellKnown) {
    if (std::find(origins.vendors.begin(), origins.vendors.end(), known.vendor) == origins.vendors.end()) continue;
    urls.emplace_back(known.url);
    hosts.insert(updates::Url::parse(known.url)->host);
  }
  std::size_t asked = 0;
  for (const config::OriginHost& host : origins.hosts) {
    if (!hosts.insert(host.name).second || ++asked > kConfigured) continue;
    const bool https = host.scheme.empty() ? host.port == kHttpsPort : host.scheme == "https";
    const std::string authority = host.port ? config::Endpoint{host.name, *host.port}.text()
                                  : host.name.find(':') == std::string::npos ? host.name
                                                                             : "[" + host.name + "]";
    urls.push_back((https ? "https://" : "http://") + authority + "/");
  }
  return urls;
}

std::string remedy_for(const config::OriginsConfig& origins, const proxy::Probed& probed) {
  const auto url = updates::Url::parse(probed.url);
  const auto* host = url ? host_named(origins, url->host) : nullptr;
  if (host != nullptr && host->connect_to) {
    return "see whether " + host->connect_to->text() + " runs and may be reached from here (connect_to of " +
           host->name + ")";
  }
  if (!origins.proxy.empty())
    return "see whether origins.proxy, " + origins.proxy + ", lets this machine through to it";
  if (probed.trouble && probed.trouble->kind == ErrorKind::refused) return "what is found says what to do";
  return "see whether a firewall lets this machine out to it, and DNS finds it: curl -I " + probed.url;
}

void judge(const config::OriginsConfig& origins, const proxy::Probed& probed, Findings& findings) {
  constexpr int kProxyWantsPassword = 407;
  const std::string took = " in " + std::to_string(probed.took.count()) + " ms";
  if (probed.status == 0) {
    findings.push_back({"origin", probed.url, Verdict::bad, probed.trouble ? probed.trouble->message : "no answer",
                        remedy_for(origins, probed)});
  } else if (probed.status == kProxyWantsPassword) {
    findings.push_back({"origin", probed.url, Verdict::bad, "the proxy before it wants a password (407)",
                        "write user and password into origins.proxy, or let this machine through without"});
  } else if (probed.status >= 500) {
    findings.push_back({"origin", probed.url, Verdict::warning, "it answers " + std::to_string(probed.status) + took,
                        "wait: the trouble is the origin's own"});
  } else {
    findings.push_back({"origin", probed.url, Verdict::good, "it answers " + std::to_string(probed.status) + took, ""});
  }
}

void examine_proxy(const config::OriginsConfig& origins, const std::vector<proxy::Probed>& all, Findings& findings) {
  if (origins.proxy.empty()) return;
  const proxy::Probed* failed = nullptr;
  for (const proxy::Probed& probed : all) {
    const auto url = updates::Url::parse(probed.url);
    const auto* host = url ? host_named(origins, url->host) : nullptr;
    if (host != nullptr && host->connect_to) continue;  // not by the proxy
    if (probed.status != 0) {
      findings.push_back({"upstream proxy", origins.proxy, Verdict::good, "origins are reached through it", ""});
      return;
    }
    failed = &probed;
  }
  if (failed == nullptr) return;
  findings.push_back({"upstream proxy", origins.proxy, Verdict::bad, "no origin is reached through it",
                      "see whether it runs, and lets this machine through to " + failed->url});
}

// The median of what origins say: one with a wrong clock of its own decides nothing where there are others.
void examine_clock(const std::vector<proxy::Probed>& all, Findings& findings) {
  std::vector<std::int64_t> offsets;
  for (const proxy::Probed& probed : all) {
    if (probed.their_time) {
      offsets.push_back(std::chrono::floor<std::chrono::seconds>(probed.our_time - *probed.their_time).count());
    }
  }
  if (offsets.empty()) {
    findings.push_back(
        {"clock", "", Verdict::warning, "no origin has told the time", "see that one origin is reached"});
    return;
  }
  const auto middle = offsets.begin() + static_cast<std::ptrdiff_t>(offsets.size() / 2);
  std::nth_element(offsets.begin(), middle, offsets.end());
  const std::chrono::seconds off(std::abs(*middle));
  const std::string found =
      "it is " + std::to_string(off.count()) + " s " + (*middle < 0 ? "behind" : "ahead of") + " the origins'";
  const std::string remedy =
      "let it be set by NTP: timedatectl set-ntp true; certificates, ages and records need the time";
  if (off > kClockBad) {
    findings.push_back({"clock", "", Verdict::bad, found, remedy});
  } else if (off > kClockPoor) {
    findings.push_back({"clock", "", Verdict::warning, found, remedy});
  } else {
    findings.push_back({"clock", "", Verdict::good, "it goes as the origins' do, within a minute", ""});
  }
}

// ---- names ----

// Hosts among the URLs that are looked up: not those with connect_to, nor addresses.
std::vector<std::string> names_to_ask(const config::OriginsConfig& origins, const std::vector<std::string>& urls) {
  constexpr std::size_t kMost = 4;
  std::vector<std::string> names;
  for (const std::string& text : urls) {
    const auto url = updates::Url::parse(text);
    if (!url || config::Address::parse(url->host) || names.size() == kMost) continue;
    const auto* host = host_named(origins, url->host);
    if ((host == nullptr || !host->connect_to) && std::find(names.begin(), names.end(), url->host) == names.end())
      names.push_back(url->host);
  }
  return names;
}

bool leads_here(const proxy::NameAnswer& answer) {
  return answer.addresses && std::any_of(answer.addresses->begin(), answer.addresses->end(),
                                         proxy::OriginGuard::is_address_of_this_machine);
}

constexpr const char* kSteeringRemedy =
    "set origins.nameservers to resolvers outside (such as 1.1.1.1): Larder must find the true addresses";

void examine_nameservers(const Desk& desk, const std::vector<std::string>& names, Findings& findings) {
  const auto& nameservers = desk.config->origins.nameservers;
  const auto answers = proxy::ask_nameservers(nameservers, names, desk.sources.clock, kPatience);
  for (const config::Endpoint& nameserver : nameservers) {
    const proxy::NameAnswer* trouble = nullptr;
    const proxy::NameAnswer* loop = nullptr;
    for (const proxy::NameAnswer& answer : answers) {
      if (!(answer.nameserver == nameserver)) continue;
      if (!answer.addresses && trouble == nullptr) trouble = &answer;
      if (leads_here(answer) && loop == nullptr) loop = &answer;
    }
    if (loop != nullptr) {
      findings.push_back({"nameserver", nameserver.text(), Verdict::bad,
                          "it leads " + loop->name + " to this machine: Larder would ask itself", kSteeringRemedy});
    } else if (trouble != nullptr) {
      findings.push_back({"nameserver", nameserver.text(), Verdict::bad,
                          trouble->name + ": " + trouble->addresses.error().message,
                          "see whether it may be asked from here (UDP, port " + std::to_string(nameserver.port) +
                              "), or name another in origins.nameservers"});
    } else {
      findings.push_back({"nameserver", nameserver.text(), Verdict::good, "it knows the origins' addresses", ""});
    }
  }
}

// Where this machine's own DNS leads the names of the vendors. The first nameserver is the one that is asked.
void examine_steering(const Desk& desk, const std::vector<std::string>& names, Findings& findings) {
  auto nameservers = proxy::nameservers_in("/etc/resolv.conf");
  if (nameservers.empty()) return;
  nameservers.resize(1);
  const bool own = !desk.config->origins.nameservers.empty();
  for (const proxy::NameAnswer& answer : proxy::ask_nameservers(nameservers, names, desk.sources.clock, kPatience)) {
    if (!leads_here(answer)) continue;
    findings.push_back({"names", answer.name, own ? Verdict::good : Verdict::bad,
                        "this site's DNS leads it to this machine" +
                            std::string(own ? "; Larder itself asks origins.nameservers" : ": Larder would ask itself"),
                        own ? "" : kSteeringRemedy});
    return;
  }
  findings.push_back({"names", "", Verdict::good, "this site's DNS leads no vendor's name to this machine", ""});
}

}  // namespace

void examine_origins(const Desk& desk, Findings& findings) {
  const config::OriginsConfig& origins = desk.config->origins;
  const std::vector<std::string> urls = urls_to_ask(origins);
  if (!desk.sources.probe || urls.empty()) return;
  const std::vector<proxy::Probed> all = desk.sources.probe(urls, kPatience);
  for (const proxy::Probed& probed : all) judge(origins, probed, findings);
  examine_proxy(origins, all, findings);
  examine_clock(all, findings);
  if (!origins.proxy.empty()) return;  // it looks names up
  const std::vector<std::string> names = names_to_ask(origins, urls);
  if (names.empty()) return;
  examine_nameservers(desk, names, findings);
  if (!origins.vendors.empty()) examine_steering(desk, names, findings);
}

}  // namespace larder::admin
