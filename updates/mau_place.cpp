// SPDX-License-Identifier: MIT
#include "updates/mau_place.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/mau.h"

namespace larder::updates {
namespace {

constexpr std::size_t kGuidBytes = 36;
constexpr std::array<std::string_view, 3> kRetiredHosts{"officecdnmac.microsoft.com", "officecdn.microsoft.com",
                                                        "officecdn-microsoft-com.akamaized.net"};

// Office 2016, Office 2011, Lync 2011, Silverlight, the licensing tool.
constexpr std::array<std::string_view, 10> kLeftBehind{"MSWD15", "XCEL15", "PPT315", "OPIM15", "ONMC15",
                                                       "MSOF14", "UCCP14", "SLVT",   "SUIT15", "OLIC02"};

bool is_guid(std::string_view text) {
  if (text.size() != kGuidBytes) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex_digit(text[i])) return false;
  }
  return true;
}

std::string spell_guid(std::string_view guid) {
  if (const MauChannel* channel = find_mau_channel(guid)) return std::string(channel->guid);
  std::string upper(guid);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return upper;
}

// Takes the next segment off the front of a path that begins with '/'.
std::string_view take_segment(std::string_view& path) {
  const auto end = std::min(path.find('/', 1), path.size());
  const auto segment = path.substr(1, end - 1);
  path.remove_prefix(end);
  return segment;
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
}

}  // namespace

std::optional<MauPlace> mau_place(const Url& url) {
  if (!url.default_port()) return std::nullopt;
  const bool retired = std::find(kRetiredHosts.begin(), kRetiredHosts.end(), url.host) != kRetiredHosts.end();
  if (!retired && url.host != kMauHost && url.host != kMauMirror) return std::nullopt;

  std::string_view path = url.path;
  if (!path.starts_with('/')) return std::nullopt;
  if (!equals_ignoring_case(take_segment(path), retired ? "pr" : "mro1cdnstorage") || path.empty()) return std::nullopt;
  const auto guid = take_segment(path);
  if (!is_guid(guid) || path.empty()) return std::nullopt;
  if (!equals_ignoring_case(take_segment(path), "MacAutoupdate") || path.size() < 2) return std::nullopt;
  return MauPlace{spell_guid(guid), std::string(path.substr(1)), retired};
}

bool is_mau_collateral(std::string_view name) {
  if (equals_ignoring_case(name, "builds.txt")) return true;
  return !mau_app_id(name).empty();
}

std::string_view mau_app_id(std::string_view collateral) {
  constexpr std::size_t kLcidDigits = 4;  // 0409 everywhere; others are deprecated
  if (collateral.size() <= kLcidDigits) return {};
  if (!std::all_of(collateral.begin(), collateral.begin() + kLcidDigits, is_digit)) return {};
  if (!ends_with_ignoring_case(collateral, ".xml") && !ends_with_ignoring_case(collateral, ".cat")) return {};
  const auto id = collateral.substr(kLcidDigits, collateral.find_first_of("-_.") - kLcidDigits);
  return std::all_of(id.begin(), id.end(), is_letter_or_digit) ? id : std::string_view{};
}

std::string_view mau_collateral_version(std::string_view collateral) {
  const auto bar = collateral.find('_');
  if (bar == std::string_view::npos || mau_app_id(collateral).empty()) return {};
  return collateral.substr(bar + 1, collateral.size() - bar - 1 - std::string_view(".xml").size());
}

bool is_left_behind(std::string_view app_id) {
  return std::find(kLeftBehind.begin(), kLeftBehind.end(), app_id) != kLeftBehind.end();
}

}  // namespace larder::updates
