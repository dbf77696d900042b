// SPDX-License-Identifier: MIT
#include "updates/asset_type.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/hosts.h"

namespace larder::updates {
namespace {

struct HostType {
  std::string_view host;  // a leading '.' means the domain and everything below it
  std::string_view pattern;
  std::string_view type;
};

// assetTypeMap of http://suconfig.apple.com/resource/registration/v1/config.plist, where it says more than the host's
// own name. Its short codes are spelt out.
constexpr auto kHostTypes = std::to_array<HostType>({
    {"playgrounds-assets-cdn.apple.com", "*", "Playgrounds"},
    {"playgrounds-cdn.apple.com", "*", "Playgrounds"},
    {"sylvan.apple.com", "*", "Aerials and Wallpapers"},
    {"devimages-cdn.apple.com", "*", "Developer Tools"},
    {"download.developer.apple.com", "*", "Developer Tools"},
    {"audiocontentdownload.apple.com", "*", "GarageBand and Logic Content"},
    {"odr.assets.itunes.com", "*", "On-Demand Resources"},
    {"odr.itunes.apple.com", "*", "On-Demand Resources"},
    {"deimos.apple.com", "*", "iTunes U"},
    {"deimos3.apple.com", "*", "iTunes U"},
    {"p1-u.itunes.apple.com", "*", "iTunes U"},
    {"p2-u.itunes.apple.com", "*", "iTunes U"},
    {"itunesu.assets.itunes.com", "*", "iTunes U"},
    {"itunesu.itunes.apple.com", "*", "iTunes U"},
    {"itunesu-assets.itunes.apple.com", "*", "iTunes U"},
    {".itunes.apple.com", "/*/Purple*/*.zip", "Apps"},
    {".itunes.apple.com", "/*/Purple*/*.pkg", "Apps"},
    {".itunes.apple.com", "/*/Purple*/*.ipa", "Apps"},
    {".itunes.apple.com", "/*/Publication*/*", "Books"},
    {".itunes.apple.com", "/*/Cobalt*", "iTunes U"},
    {".assets.itunes.com", "/*/Purple*/*.zip", "Apps"},
    {".assets.itunes.com", "/*/Purple*/*.pkg", "Apps"},
    {".assets.itunes.com", "/*/Purple*/*.ipa", "Apps"},
    {".assets.itunes.com", "/*/Publication*/*", "Books"},
    {".assets.itunes.com", "/*/Cobalt*", "iTunes U"},
    {".phobos.apple.com", "/*/Purple*/*.zip", "Apps"},
    {".phobos.apple.com", "/*/Purple*/*.pkg", "Apps"},
    {".phobos.apple.com", "/*/Purple*/*.ipa", "Apps"},
    {".phobos.apple.com", "/*/Publication*/*", "Books"},
    {".phobos.apple.com", "/*/Cobalt*", "iTunes U"},
});

struct MediaType {
  std::string_view pattern;
  std::string_view type;
};

// mediaTypeMap of the same file: the categories that content caching reports. One addition: a restore image of all Macs
// is Mac software.
constexpr auto kMediaTypes = std::to_array<MediaType>({
    {"/*/Cobalt*", "iTunes U"},
    {"/WebObjects/Core.woa/Download*", "iTunes U"},
    {"/WebObjects/Core.woa/Feed*", "iTunes U"},
    {"/WebObjects/Core.woa/Subscription*", "iTunes U"},
    {"*.epub", "Books"},
    {"*.ibooks", "Books"},
    {"*AppleTV*", "Apple TV Software"},
    {"*tvOS*", "Apple TV Software"},
    {"*/Videos/*.mov", "Apple TV Software"},
    {"*/UniversalMac_*.ipsw", "Mac Software"},
    {"*.ipa", "iOS Software"},
    {"*.ipd", "iOS Software"},
    {"*.ipsw", "iOS Software"},
    {"*.assetpack", "iOS Software"},
    {"/ios*", "iOS Software"},
    {"*.pkg", "Mac Software"},
    {"*.dmg", "Mac Software"},
    {"*.m4v", "Movies"},
    {"*.mov", "Movies"},
    {"*.m4p", "Music"},
    {"*.m4a", "Music"},
    {"*.mp4", "Music"},
});

bool is_host(std::string_view host, std::string_view name) {
  if (!name.starts_with('.')) return host == name;
  return host == name.substr(1) || host.ends_with(name);
}

bool same_letter(char a, char b) {
  return to_lower(a) == to_lower(b);
}

}  // namespace

bool matches_glob(std::string_view text, std::string_view pattern) {
  const auto pieces = split(pattern, '*');
  if (pieces.size() == 1) return equals_ignoring_case(text, pattern);
  const auto first = pieces.front();
  if (text.size() < first.size() || !equals_ignoring_case(text.substr(0, first.size()), first)) return false;
  text.remove_prefix(first.size());
  for (std::size_t i = 1; i + 1 < pieces.size(); ++i) {
    const auto found = std::search(text.begin(), text.end(), pieces[i].begin(), pieces[i].end(), same_letter);
    if (found == text.end() && !pieces[i].empty()) return false;
    text.remove_prefix(static_cast<std::size_t>(found - text.begin()) + pieces[i].size());
  }
  return ends_with_ignoring_case(text, pieces.back());
}

std::string asset_type(const Url& url) {
  const Host* host = find_host(url.host);
  if (host == nullptr || host->vendor != Vendor::apple) return {};
  for (const HostType& row : kHostTypes) {
    if (is_host(url.host, row.host) && matches_glob(url.path, row.pattern)) return std::string(row.type);
  }
  for (const MediaType& row : kMediaTypes) {
    if (matches_glob(url.path, row.pattern)) return std::string(row.type);
  }
  return "Other";
}

}  // namespace larder::updates
