// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/text.h"
#include "updates/mau.h"
#include "updates/mau_place.h"
#include "updates/package_name.h"
#include "updates/spelling.h"

namespace larder::updates {
namespace {

constexpr std::size_t kFileBytes = 255;  // a name longer than a file system allows was never published
constexpr std::size_t kAppIdBytes = 16;

Error bad_path(std::string_view why) {
  return fail(ErrorKind::invalid, "reading an update-cache path: " + std::string(why));
}

std::string channel_names() {
  std::string names;
  for (const MauChannel& channel : mau_channels()) names.append(names.empty() ? "" : ", ").append(channel.name);
  return names;
}

bool is_safe_segment(std::string_view segment) {
  if (segment == "." || segment == ".." || segment.size() > kFileBytes) return false;
  if (segment.find_first_of("/\\") != std::string_view::npos) return false;
  return is_printable_utf8(segment);
}

// The segments, decoded once; empty ones (double slashes) left out.
Result<std::vector<std::string>> read_segments(std::string_view path) {
  std::vector<std::string> segments;
  for (const auto raw : split(path, '/')) {
    if (raw.empty()) continue;
    auto segment = percent_decode(raw);
    if (!segment) return bad_path("an escape in it is malformed");
    if (!is_safe_segment(*segment)) return bad_path("a part of it is no file name");
    segments.push_back(std::move(*segment));
  }
  return segments;
}

bool looks_like_app_id(std::string_view text) {
  const auto allowed = [](char c) { return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z'); };
  return text.size() >= 2 && text.size() <= kAppIdBytes && std::all_of(text.begin(), text.end(), allowed);
}

bool looks_like_file(std::string_view text) {
  if (text.empty()) return false;
  const bool capital = text.front() >= 'A' && text.front() <= 'Z';
  return capital || text.starts_with("0409") || text == "wdav-upgrade.pkg" || text == "builds.txt";
}

// UpdateCache=".../Current/p" without its last slash makes ".../Current/pMicrosoft_Word_16.1_Updater.pkg".
void part_missing_slash(std::string& file) {
  const bool marked = file.starts_with('m') || file.starts_with('p');
  if (marked && looks_like_file(std::string_view(file).substr(1))) file.erase(0, 1);
}

// The channel a segment names; `rest` is the file that a missing slash has glued to it.
const MauChannel* read_channel(std::string_view segment, std::string& rest) {
  if (const MauChannel* exact = find_mau_channel(segment)) return exact;
  const MauChannel* longest = nullptr;
  for (const MauChannel& channel : mau_channels()) {
    if (!segment.starts_with(channel.name) || !looks_like_file(segment.substr(channel.name.size()))) continue;
    if (longest == nullptr || channel.name.size() > longest->name.size()) longest = &channel;
  }
  if (longest != nullptr) rest = segment.substr(longest->name.size());
  return longest;
}

Result<MauRequest> with_file(MauRequest request, std::string file) {
  request.collateral = is_mau_collateral(file);
  request.file = std::move(file);
  return request;
}

Result<MauRequest> no_file() {
  return fail(ErrorKind::not_found, "reading an update-cache path: it names no file");
}

// What follows "/mau/".
Result<MauRequest> read_channel_layout(std::vector<std::string> segments) {
  if (segments.empty()) return no_file();
  MauRequest request;
  std::string glued;
  request.channel = read_channel(segments.front(), glued);
  if (request.channel == nullptr) {
    return bad_path("the channel \"" + segments.front() + "\" is not known; known are " + channel_names());
  }
  segments.erase(segments.begin());
  if (!glued.empty()) return segments.empty() ? with_file(request, glued) : bad_path("it goes on after its file");

  if (segments.size() > 1 && (segments.front() == "m" || segments.front() == "p")) segments.erase(segments.begin());
  if (segments.size() == 2) {
    if (!looks_like_app_id(segments.front())) return bad_path("\"" + segments.front() + "\" is no application id");
    request.app_id = segments.front();
    segments.erase(segments.begin());
  }
  if (segments.size() > 1) return bad_path("it goes deeper than channel, application and file");
  if (segments.empty() || segments.front() == "m" || segments.front() == "p") return no_file();
  part_missing_slash(segments.front());
  return with_file(request, segments.front());
}

// What follows "/MAU/cache/", as MAUCacheAdmin lays it out.
Result<MauRequest> read_cache_layout(std::vector<std::string> segments) {
  MauRequest request;
  request.channel = find_mau_channel("Current");
  if (segments.size() == 3 && equals_ignoring_case(segments.front(), "collateral")) {
    segments.erase(segments.begin(), segments.begin() + 2);
    if (!is_mau_collateral(segments.front())) return bad_path("a collateral folder holds no packages");
  }
  if (segments.empty()) return no_file();
  if (segments.size() > 1) return bad_path("it goes deeper than MAUCacheAdmin's folders");
  return with_file(request, segments.front());
}

bool is_segment(std::string_view segment, std::string_view name) {
  return equals_ignoring_case(segment, name);
}

// Where "MAU/cache" ends among the raw segments; npos when it is not there.
std::size_t after_mau_cache(const std::vector<std::string_view>& raw) {
  for (std::size_t i = 0; i + 1 < raw.size(); ++i) {
    if (is_segment(raw[i], "mau") && is_segment(raw[i + 1], "cache")) return i + 2;
  }
  return std::string_view::npos;
}

template <class Layout>
Result<MauRequest> read_rest(const std::vector<std::string_view>& raw, std::size_t first, Layout layout) {
  std::string rest;
  for (std::size_t i = first; i < raw.size(); ++i) rest.append("/").append(raw[i]);
  auto segments = read_segments(rest);
  if (!segments) return std::move(segments).error();
  return layout(*std::move(segments));
}

void add_place(std::vector<CanonicalUrl>& places, CanonicalUrl place) {
  const auto same = [&](const CanonicalUrl& other) { return other.key == place.key; };
  if (std::none_of(places.begin(), places.end(), same)) places.push_back(std::move(place));
}

void add_listed(std::vector<CanonicalUrl>& places, const ListedFile* listed) {
  if (listed == nullptr) return;
  if (auto url = Url::parse(listed->url)) add_place(places, canonical(*url));
}

}  // namespace

std::optional<Result<MauRequest>> parse_mau_path(std::string_view path) {
  std::vector<std::string_view> raw;
  for (const auto segment : split(path, '/')) {
    if (!segment.empty()) raw.push_back(segment);
  }
  if (const auto first = after_mau_cache(raw); first != std::string_view::npos) {
    return read_rest(raw, first, read_cache_layout);
  }
  if (!raw.empty() && is_segment(raw.front(), "mau")) return read_rest(raw, 1, read_channel_layout);
  return std::nullopt;
}

std::vector<CanonicalUrl> resolve_mau(const MauRequest& request, const Knowledge& knowledge) {
  std::vector<CanonicalUrl> places;
  if (request.channel == nullptr || request.file.empty()) return places;
  if (!request.collateral) {
    add_listed(places, knowledge.find_package(request.channel->name, request.app_id, request.file));
  }
  add_place(places, canonical(mau_url(*request.channel, request.file)));
  // A flat folder mixes all channels. Only names that can never carry other bytes may come from another channel.
  if (!request.collateral && stability_of_package(request.file) == NameStability::immutable) {
    for (const MauChannel& other : mau_channels()) {
      add_listed(places, knowledge.find_package(other.name, request.app_id, request.file));
    }
  }
  return places;
}

}  // namespace larder::updates
