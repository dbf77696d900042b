// SPDX-License-Identifier: MIT
#include "updates/hosts.h"

#include <array>
#include <unordered_map>

namespace larder::updates {
namespace {

constexpr auto kApple = Vendor::apple;
constexpr auto kMicrosoft = Vendor::microsoft;
constexpr auto kWindows = Vendor::windows;
constexpr auto kBoth = Schemes::both;
constexpr auto kHttpsOnly = Schemes::https_only;

constexpr auto kHosts = std::to_array<Host>({
    // What Apple's own content cache may fetch: allowListedHosts and allowListedDomains of
    // http://suconfig.apple.com/resource/registration/v1/config.plist, where the port says the scheme. Both ports:
    // both.
    {"swcdn.apple.com", kApple, kBoth},
    {"validation.isu.apple.com", kApple, kBoth},
    {"oscdn.apple.com", kApple, kBoth},
    {"swdownload.apple.com", kApple, kBoth},
    {"audiocontentdownload.apple.com", kApple, kBoth},
    {"basejumper.apple.com", kApple, kBoth},
    {"sylvan.apple.com", kApple, kBoth},
    {"devimages-cdn.apple.com", kApple, kBoth},
    {"download.developer.apple.com", kApple, kBoth},
    {".itunes.apple.com", kApple, kBoth},
    {".assets.itunes.com", kApple, kBoth},
    {".phobos.apple.com", kApple},
    {"appldnld.apple.com", kApple},
    {"deimos.apple.com", kApple},
    {"deimos3.apple.com", kApple},
    {"swdist.apple.com", kApple},
    {"playgrounds-cdn.apple.com", kApple},
    {"playgrounds-assets-cdn.apple.com", kApple},
    {"updates.cdn-apple.com", kApple},
    {"updates-http.cdn-apple.com", kApple},
    // "Use Apple products on enterprise networks", https://support.apple.com/101555: the edge name of appldnld, and the
    // hosts of the software update catalogues.
    {"appldnld.apple.com.edgesuite.net", kApple},
    {"mesu.apple.com", kApple, kBoth},
    {"swscan.apple.com", kApple},
    {"gdmf.apple.com", kApple, kHttpsOnly},
    // Lists of Apple's releases that others keep: SOFA (https://github.com/macadmins/sofa) and AppleDB
    // (https://github.com/littlebyteorg/appledb).
    {"sofafeed.macadmins.io", kApple, kHttpsOnly},
    {"api.appledb.dev", kApple, kHttpsOnly},

    // Microsoft, "Network requests in Office for Mac" and the Locations its AutoUpdate manifests have named. Control
    // and
    // telemetry endpoints (officeci-mauservice.azurewebsites.net, config.teams.microsoft.com) are left out: they must
    // never be kept.
    {"res.public.onecdn.static.microsoft", kMicrosoft, kHttpsOnly},
    {"res.cdn.office.net", kMicrosoft, kHttpsOnly},
    {"officecdnmac.microsoft.com", kMicrosoft},
    {"officecdn.microsoft.com", kMicrosoft},
    {"officecdn-microsoft-com.akamaized.net", kMicrosoft},
    {"teamsinstaller.public.onecdn.static.microsoft", kMicrosoft, kHttpsOnly},
    {"statics.teams.cdn.office.net", kMicrosoft, kHttpsOnly},
    {"installer.teams.static.microsoft", kMicrosoft, kHttpsOnly},
    {"oneclient.sfx.ms", kMicrosoft},
    {"download.microsoft.com", kMicrosoft},
    {"go.microsoft.com", kMicrosoft},  // redirects that manifests name as Locations
    {"g.live.com", kMicrosoft},        // redirects to OneDrive's list of packages
    {"msedge.sf.dl.delivery.mp.microsoft.com", kMicrosoft},
    {"vscode.download.prss.microsoft.com", kMicrosoft},

    // Windows: Microsoft Learn, "Microsoft Connected Cache content and services endpoints", and the windowsupdates list
    // of https://github.com/uklans/cache-domains. Its *.do.dsp.mp.microsoft.com is left out: the control service of
    // Delivery Optimization, not content.
    {".dl.delivery.mp.microsoft.com", kWindows},
    {".windowsupdate.com", kWindows},
    {".update.microsoft.com", kWindows},
    {".microsoft.com.edgesuite.net", kWindows},
    {"amupdatedl.microsoft.com", kWindows},
    {"amupdatedl2.microsoft.com", kWindows},
    {"amupdatedl3.microsoft.com", kWindows},
    {"amupdatedl4.microsoft.com", kWindows},
    {"amupdatedl5.microsoft.com", kWindows},
    {"emdl.ws.microsoft.com", kWindows},
    {"swdc01.manage.microsoft.com", kWindows},
    {"swdc02.manage.microsoft.com", kWindows},
    {"assets1.xboxlive.com", kWindows},
    {"assets2.xboxlive.com", kWindows},
});

// Names and, without their leading dot, domains.
struct Index {
  std::unordered_map<std::string_view, const Host*> names;
  std::unordered_map<std::string_view, const Host*> domains;

  Index() {
    for (const Host& host : kHosts) {
      if (host.name.front() == '.') {
        domains.emplace(host.name.substr(1), &host);
      } else {
        names.emplace(host.name, &host);
      }
    }
  }
};

}  // namespace

std::span<const Host> built_in_hosts() {
  return kHosts;
}

const Host* find_host(std::string_view host) {
  static const Index index;
  if (const auto found = index.names.find(host); found != index.names.end()) return found->second;
  while (!host.empty()) {
    if (const auto found = index.domains.find(host); found != index.domains.end()) return found->second;
    const auto dot = host.find('.');
    host = dot == std::string_view::npos ? std::string_view{} : host.substr(dot + 1);
  }
  return nullptr;
}

std::string_view to_string(Vendor vendor) {
  switch (vendor) {
    case Vendor::apple:
      return "apple";
    case Vendor::microsoft:
      return "microsoft";
    case Vendor::windows:
      return "windows";
  }
  return "unknown";
}

}  // namespace larder::updates
