// SPDX-License-Identifier: MIT
// What each payload of a profile holds. Keys and types: Apple's schema, github.com/apple/device-management,
// mdm/profiles; com.microsoft.autoupdate2: Microsoft Learn, "Preference settings for Microsoft AutoUpdate".
#include <array>
#include <utility>

#include "admin/profile.h"
#include "updates/mau.h"

namespace larder::admin {
namespace {

constexpr std::string_view kDirect =
    "A manual proxy gets every request of the device, and Larder refuses what is no named origin: the device reaches "
    "nothing else. Use it for tests; the pac kinds are for fleets.";

Error lacks(const std::string& what) {
  return fail(ErrorKind::invalid, what);
}

Status needs_http(const ProfileOrder& order) {
  if (order.http_port != 0) return ok();
  return lacks("a proxy is a plain listener; set listen.http in larder.toml");
}

// Where an application is, for AutoUpdate's table of applications.
struct InstalledApp {
  std::string_view id;
  std::string_view path;
};
constexpr std::array kInstalled{
    InstalledApp{"MSWD2019", "/Applications/Microsoft Word.app"},
    InstalledApp{"XCEL2019", "/Applications/Microsoft Excel.app"},
    InstalledApp{"PPT32019", "/Applications/Microsoft PowerPoint.app"},
    InstalledApp{"OPIM2019", "/Applications/Microsoft Outlook.app"},
    InstalledApp{"ONMC2019", "/Applications/Microsoft OneNote.app"},
    InstalledApp{"ONDR18", "/Applications/OneDrive.app"},
    InstalledApp{"TEAMS21", "/Applications/Microsoft Teams.app"},
    InstalledApp{"WDAV00", "/Applications/Microsoft Defender.app"},
    InstalledApp{"IMCP01", "/Applications/Company Portal.app"},
    InstalledApp{"MSRD10", "/Applications/Windows App.app"},
    InstalledApp{"MSFB16", "/Applications/Skype for Business.app"},
    InstalledApp{"EDGE01", "/Applications/Microsoft Edge.app"},
    InstalledApp{"MSau04", "/Library/Application Support/Microsoft/MAU2.0/Microsoft AutoUpdate.app"},
};

std::string_view path_of(std::string_view app_id) {
  for (const InstalledApp& app : kInstalled) {
    if (app.id == app_id) return app.path;
  }
  return {};
}

std::string mau_url(const ProfileOrder& order) {
  return (order.secure ? secure_url(order) : plain_url(order)) + "/mau/" + order.channel + "/";
}

Result<PlistTree> mau(const ProfileOrder& order, MauServes serves, Profile& profile) {
  for (const std::string& app : order.apps) {
    if (path_of(app).empty()) return lacks("it is not known where " + app + " is installed; leave it out of apps");
  }
  profile.summary.emplace_back("Microsoft AutoUpdate fetches its packages from " + mau_url(order) + ".");
  if (serves == MauServes::manifests_too) {
    profile.summary.emplace_back("It also asks there which updates there are, in place of Microsoft.");
  } else {
    profile.summary.emplace_back("Which updates there are it goes on asking Microsoft.");
  }
  if (order.deadline_days > 0) {
    profile.summary.emplace_back("Applications are made to quit for an update after " +
                                 std::to_string(order.deadline_days) + " days.");
  }
  if (order.defer_days > 0) {
    profile.summary.emplace_back("Updates that are not critical are offered " + std::to_string(order.defer_days) +
                                 " days late.");
  }
  profile.warnings.emplace_back("When Larder cannot be reached AutoUpdate may not turn to Microsoft for packages.");
  return mau_settings(order, serves);
}

Result<PlistTree> content_cache(const ProfileOrder& order, Profile& profile) {
  if (order.tls_port == 0) return lacks("the locator must be https; set listen.tls in larder.toml");
  const std::string url = secure_url(order) + "/lcdn/locate";
  PlistTree payload = PlistTree::dictionary();
  payload.set("LocateURL", std::string_view(url));
  payload.set("SkipEVCheck", true);
  profile.summary.emplace_back("The Mac asks " + url + " where content caches are, in place of Apple.");
  profile.summary.emplace_back(
      "It no longer demands an extended-validation certificate of \"Apple Inc.\" for that question.");
  profile.warnings.emplace_back(
      "Not tried on a real Mac. Give it to one, run AssetCacheLocatorUtil there, and see whether Larder's address is "
      "named. The Mac must trust Larder's certificate: add root when it is the site's own.");
  return payload;
}

// com.apple.proxy.http.global and com.apple.wifi.managed have the same keys.
void set_pac(PlistTree& payload, const ProfileOrder& order) {
  payload.set("ProxyType", std::string_view("Auto"));
  payload.set("ProxyPACURL", std::string_view(pac_url(order)));
  payload.set("ProxyPACFallbackAllowed", true);
}

void set_manual(PlistTree& payload, const ProfileOrder& order, Profile& profile) {
  payload.set("ProxyType", std::string_view("Manual"));
  payload.set("ProxyServer", std::string_view(order.server));
  payload.set("ProxyServerPort", order.http_port);
  // Larder never asks for it; clients that say it unasked are known by it.
  if (!order.device().empty()) payload.set("ProxyUsername", order.device());
  profile.warnings.emplace_back(kDirect);
}

void say_pac(const ProfileOrder& order, const std::string& where, Profile& profile) {
  profile.summary.emplace_back("Requests for the hosts that Larder knows go to it" + where +
                               ", all others direct, by the script at " + pac_url(order) + ".");
  profile.summary.emplace_back("When the script or Larder cannot be reached, everything goes direct.");
}

Result<PlistTree> global(const ProfileOrder& order, bool pac, Profile& profile) {
  PlistTree payload = PlistTree::dictionary();
  if (pac) {
    set_pac(payload, order);
    say_pac(order, "", profile);
  } else {
    set_manual(payload, order, profile);
    payload.set("ProxyCaptiveLoginAllowed", true);
    profile.summary.emplace_back("All requests go to Larder, on every network.");
  }
  profile.warnings.emplace_back("iPhone, iPad and Apple TV take a global proxy only when they are supervised.");
  return payload;
}

Result<PlistTree> wifi(const ProfileOrder& order, bool pac, Profile& profile) {
  if (order.ssid.empty()) return lacks("which network? Give its ssid");
  PlistTree payload = PlistTree::dictionary();
  payload.set("SSID_STR", std::string_view(order.ssid));
  payload.set("AutoJoin", true);
  const bool open = order.wifi_encryption == "None";
  payload.set("EncryptionType", std::string_view(order.wifi_encryption.empty() ? "Any" : order.wifi_encryption));
  if (!open && !order.wifi_password.empty()) payload.set("Password", std::string_view(order.wifi_password));
  profile.summary.emplace_back("The device joins the Wi-Fi network \"" + order.ssid + "\".");
  if (pac) {
    set_pac(payload, order);
    say_pac(order, " on that network", profile);
  } else {
    set_manual(payload, order, profile);
    profile.summary.emplace_back("All requests go to Larder on that network.");
  }
  profile.warnings.emplace_back(
      "A Wi-Fi payload of the same network from elsewhere competes with this one: where the MDM has one already, put "
      "the "
      "proxy there.");
  if (!order.wifi_password.empty()) profile.warnings.emplace_back("The network's password stands in it in plain text.");
  return payload;
}

// Numbers where others have truths: the schema says <integer>.
Result<PlistTree> system(const ProfileOrder& order, bool pac, Profile& profile) {
  PlistTree proxies = PlistTree::dictionary();
  if (pac) {
    proxies.set("ProxyAutoConfigEnable", 1);
    proxies.set("ProxyAutoConfigURLString", std::string_view(pac_url(order)));
    say_pac(order, "", profile);
  } else {
    for (const char* scheme : {"HTTP", "HTTPS"}) {
      proxies.set(scheme + std::string("Enable"), 1);
      proxies.set(scheme + std::string("Proxy"), std::string_view(order.server));
      proxies.set(scheme + std::string("Port"), order.http_port);
    }
    PlistTree exceptions = PlistTree::array();
    for (const char* name : {"*.local", "169.254/16", "localhost", "127.0.0.1"}) {
      exceptions.append(PlistTree(std::string_view(name)));
    }
    proxies.set("ExceptionsList", std::move(exceptions));
    profile.summary.emplace_back("All requests of the Mac go to Larder.");
    profile.warnings.emplace_back(kDirect);
  }
  proxies.set("FallBackAllowed", 1);
  PlistTree payload = PlistTree::dictionary();
  payload.set("Proxies", std::move(proxies));
  return payload;
}

Result<PlistTree> root(const ProfileOrder& order, Profile& profile) {
  if (order.root_der.empty()) {
    return lacks(
        "there is no certificate to trust; run larder tls init, or give the authority's certificate with --root");
  }
  PlistTree payload = PlistTree::dictionary();
  payload.set("PayloadCertificateFileName", std::string_view("larder-root.cer"));
  payload.set("PayloadContent", std::as_bytes(std::span(order.root_der)));
  profile.summary.emplace_back("The device trusts the authority that Larder's certificate is signed by.");
  profile.warnings.emplace_back(
      "Whoever has that authority's key can make certificates the device trusts; one made by larder tls init can make "
      "them "
      "for Larder's own names only.");
  return payload;
}

Result<PlistTree> dns(const ProfileOrder& order, Profile& profile) {
  if (order.dns_url.empty() && order.dns_name.empty()) {
    return lacks(
        "which nameserver? Give dns_url (DNS over HTTPS) or dns_name (DNS over TLS): devices take encrypted DNS only");
  }
  PlistTree settings = PlistTree::dictionary();
  if (!order.dns_url.empty()) {
    settings.set("DNSProtocol", std::string_view("HTTPS"));
    settings.set("ServerURL", std::string_view(order.dns_url));
  } else {
    settings.set("DNSProtocol", std::string_view("TLS"));
    settings.set("ServerName", std::string_view(order.dns_name));
  }
  if (!order.dns_addresses.empty()) {
    PlistTree addresses = PlistTree::array();
    for (const std::string& address : order.dns_addresses) addresses.append(PlistTree(std::string_view(address)));
    settings.set("ServerAddresses", std::move(addresses));
  }
  PlistTree domains = PlistTree::array();
  for (const std::string& name : order.origins) {
    domains.append(PlistTree(std::string_view(name).substr(name.starts_with('.') ? 1 : 0)));
  }
  settings.set("SupplementalMatchDomains", std::move(domains));
  PlistTree payload = PlistTree::dictionary();
  payload.set("DNSSettings", std::move(settings));
  profile.summary.emplace_back("The addresses of the hosts that Larder knows are asked of " +
                               (order.dns_url.empty() ? order.dns_name : order.dns_url) + ", all others as before.");
  profile.warnings.emplace_back(
      "That nameserver must point those names at Larder (larder dns). https is then carried through uncached, and only "
      "with listen.sni; without it those hosts cannot be reached.");
  return payload;
}

}  // namespace

PlistTree mau_settings(const ProfileOrder& order, MauServes serves) {
  const std::string base = mau_url(order);
  PlistTree settings = PlistTree::dictionary();
  settings.set("UpdateCache", std::string_view(base));
  if (serves == MauServes::manifests_too) {
    settings.set("ChannelName", std::string_view("Custom"));
    settings.set("ManifestServer", std::string_view(base));
  } else {
    settings.set("ChannelName", std::string_view(order.channel));
  }
  settings.set("HowToCheck", std::string_view("AutomaticDownload"));
  if (order.deadline_days > 0) settings.set("UpdateDeadline.DaysBeforeForcedQuit", order.deadline_days);
  if (order.defer_days > 0) settings.set("OptionalUpdatesDeferralsDays", order.defer_days);
  if (!order.apps.empty()) {
    PlistTree applications = PlistTree::dictionary();
    for (const std::string& id : order.apps) {
      PlistTree app = PlistTree::dictionary();
      app.set("Application ID", std::string_view(id));
      app.set("UpdateCache", std::string_view(base + id + "/"));
      if (serves == MauServes::manifests_too) app.set("ManifestServer", std::string_view(base));
      applications.set(path_of(id), std::move(app));
    }
    settings.set("Applications", std::move(applications));
  }
  return settings;
}

std::string_view payload_type_of(std::string_view kind) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kTypes{
      {{"mau", "com.microsoft.autoupdate2"},
       {"mau-manifest", "com.microsoft.autoupdate2"},
       {"content-cache", "com.apple.AssetCacheLocatorService"},
       {"global-pac", "com.apple.proxy.http.global"},
       {"global-proxy", "com.apple.proxy.http.global"},
       {"wifi-pac", "com.apple.wifi.managed"},
       {"wifi-proxy", "com.apple.wifi.managed"},
       {"system-pac", "com.apple.SystemConfiguration"},
       {"system-proxy", "com.apple.SystemConfiguration"},
       {"root", "com.apple.security.root"},
       {"dns", "com.apple.dnsSettings.managed"}}};
  for (const auto& [name, type] : kTypes) {
    if (name == kind) return type;
  }
  return {};
}

Result<PlistTree> payload_of(std::string_view kind, const ProfileOrder& order, Profile& profile) {
  if (kind == "mau") return mau(order, MauServes::packages, profile);
  if (kind == "mau-manifest") return mau(order, MauServes::manifests_too, profile);
  if (kind == "content-cache") return content_cache(order, profile);
  if (kind == "root") return root(order, profile);
  if (kind == "dns") return dns(order, profile);
  if (auto plain = needs_http(order); !plain) return std::move(plain).error();
  const bool pac = kind.ends_with("-pac");
  if (kind.starts_with("global-")) return global(order, pac, profile);
  if (kind.starts_with("wifi-")) return wifi(order, pac, profile);
  return system(order, pac, profile);
}

}  // namespace larder::admin
