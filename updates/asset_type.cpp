// SPDX-License-Identifier: MIT
#include "updates/asset_type.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/hosts.h"

namespace larder::updates {
namespace {

struct HostType {
  std::string_view host;     // a leading '.' means the domain and everything below it
  std::string_view pattern;  // lower case
  std::string_view type;
};

// assetTypeMap of http://suconfig.apple.com/resource/registration/v1/config.plist, where it says more than the host's
// own name. Its short codes are spelt out. One addition, by https://support.apple.com/101555: recovery's host.
constexpr auto kHostTypes = std::to_array<HostType>({
    {"playgrounds-assets-cdn.apple.com", "*", "Playgrounds"},
    {"playgrounds-cdn.apple.com", "*", "Playgrounds"},
    {"sylvan.apple.com", "*", "Aerials and Wallpapers"},
    {"oscdn.apple.com", "*", "macOS Recovery"},
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
    {".itunes.apple.com", "/*/purple*/*.zip", "Apps"},
    {".itunes.apple.com", "/*/purple*/*.pkg", "Apps"},
    {".itunes.apple.com", "/*/purple*/*.ipa", "Apps"},
    {".itunes.apple.com", "/*/publication*/*", "Books"},
    {".itunes.apple.com", "/*/cobalt*", "iTunes U"},
    {".assets.itunes.com", "/*/purple*/*.zip", "Apps"},
    {".assets.itunes.com", "/*/purple*/*.pkg", "Apps"},
    {".assets.itunes.com", "/*/purple*/*.ipa", "Apps"},
    {".assets.itunes.com", "/*/publication*/*", "Books"},
    {".assets.itunes.com", "/*/cobalt*", "iTunes U"},
    {".phobos.apple.com", "/*/purple*/*.zip", "Apps"},
    {".phobos.apple.com", "/*/purple*/*.pkg", "Apps"},
    {".phobos.apple.com", "/*/purple*/*.ipa", "Apps"},
    {".phobos.apple.com", "/*/publication*/*", "Books"},
    {".phobos.apple.com", "/*/cobalt*", "iTunes U"},
});

struct MediaType {
  std::string_view pattern;
  std::string_view type;
};

// mediaTypeMap of the same file: the categories that content caching reports. One addition: a restore image of all Macs
// is Mac software.
constexpr auto kMediaTypes = std::to_array<MediaType>({
    {"/*/cobalt*", "iTunes U"},
    {"/webobjects/core.woa/download*", "iTunes U"},
    {"/webobjects/core.woa/feed*", "iTunes U"},
    {"/webobjects/core.woa/subscription*", "iTunes U"},
    {"*.epub", "Books"},
    {"*.ibooks", "Books"},
    {"*appletv*", "Apple TV Software"},
    {"*tvos*", "Apple TV Software"},
    {"*/videos/*.mov", "Apple TV Software"},
    {"*/universalmac_*.ipsw", "Mac Software"},
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

// Both in lower case.
bool fits(std::string_view text, std::string_view pattern) {
  auto star = pattern.find('*');
  if (star == std::string_view::npos) return text == pattern;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  text.remove_prefix(star);
  pattern.remove_prefix(star + 1);
  for (star = pattern.find('*'); star != std::string_view::npos; star = pattern.find('*')) {
    const auto found = text.find(pattern.substr(0, star));
    if (found == std::string_view::npos) return false;
    text.remove_prefix(found + star);
    pattern.remove_prefix(star + 1);
  }
  return text.ends_with(pattern);
}

}  // namespace

bool matches_glob(std::string_view text, std::string_view pattern) {
  return fits(to_lower(text), to_lower(pattern));
}

std::string asset_type(const Url& url) {
  const Host* host = find_host(url.host);
  if (host == nullptr || host->vendor != Vendor::apple) return {};
  const std::string path = to_lower(url.path);
  for (const HostType& row : kHostTypes) {
    if (is_host(url.host, row.host) && fits(path, row.pattern)) return std::string(row.type);
  }
  for (const MediaType& row : kMediaTypes) {
    if (fits(path, row.pattern)) return std::string(row.type);
  }
  return "Other";
}

}  // namespace larder::updates
