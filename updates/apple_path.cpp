// SPDX-License-Identifier: MIT
#include "updates/apple_path.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/beta.h"
#include "updates/package_name.h"
#include "updates/recognise.h"

namespace larder::updates {
namespace {

bool is_letter(char c) {
  return to_lower(c) >= 'a' && to_lower(c) <= 'z';
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || is_letter(c);
}

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
  return std::all_of(text.begin(), text.end(), predicate);
}

struct ModelProduct {
  std::string_view start;
  std::string_view product;
};
// By how a model identifier begins.
constexpr auto kModels = std::to_array<ModelProduct>({
    {"UniversalMac", "macOS"},
    {"VirtualMac", "macOS"},
    {"iPhone", "iOS"},
    {"iPod", "iOS"},
    {"iPad", "iPadOS"},
    {"AppleTV", "tvOS"},
    {"AudioAccessory", "HomePod software"},
    {"Watch", "watchOS"},
    {"Mac", "macOS"},
    {"iMac", "macOS"},
    {"VMA2MACOS", "macOS"},
    {"VMM-x86_64", "macOS"},
    {"iBridge", "bridgeOS"},
    {"RealityDevice", "visionOS"},
    {"AppleDisplay", "Studio Display firmware"},
});

std::string_view without_suffix_a(std::string_view segment) {
  constexpr std::size_t kSuffixBytes = 13;  // "-A_" and ten letters or digits
  if (segment.size() <= kSuffixBytes) return segment;
  const auto suffix = segment.substr(segment.size() - kSuffixBytes);
  if (!suffix.starts_with("-A_") || !all(suffix.substr(3), is_letter_or_digit)) return segment;
  return segment.substr(0, segment.size() - kSuffixBytes);
}

// "061-1234", "zzz061-1234", "042-58988"
bool is_product_key(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == text.size()) return false;
  return all(text.substr(0, dash), is_letter_or_digit) && all(text.substr(dash + 1), is_digit);
}

bool is_uuid(std::string_view text) {
  constexpr std::size_t kUuidBytes = 36;
  text = text.substr(0, text.find('.'));
  return text.size() == kUuidBytes && all(text, [](char c) { return is_hex_digit(c) || c == '-'; }) &&
         std::count(text.begin(), text.end(), '-') == 4;
}

bool is_sha1(std::string_view text) {
  constexpr std::size_t kDigits = 40;
  const auto dot = text.find('.');
  const auto stem = text.substr(0, dot);
  return stem.size() == kDigits && all(stem, is_hex_digit);
}

}  // namespace

std::string product_of_model(std::string_view models, std::string_view version) {
  for (const ModelProduct& model : kModels) {
    if (!models.starts_with(model.start)) continue;
    // iPads ran iOS until 13.
    if (model.product == "iPadOS" && compare_versions(version, "13") < 0) return "iOS";
    return std::string(model.product);
  }
  return {};
}

bool is_apple_build(std::string_view text) {
  const auto letter = std::find_if(text.begin(), text.end(), [](char c) { return !is_digit(c); });
  if (letter == text.begin() || letter == text.end() || *letter < 'A' || *letter > 'Z') return false;
  const std::string_view tail(&*letter + 1, static_cast<std::size_t>(text.end() - letter - 1));
  return !tail.empty() && is_digit(tail.front()) && all(tail, is_letter_or_digit);
}

std::string_view product_key_of(std::string_view path) {
  constexpr std::string_view kRoot = "/content/downloads/";
  constexpr std::size_t kHashBytes = 34;
  if (!path.starts_with(kRoot)) return {};
  const auto segments = split(path.substr(kRoot.size()), '/');
  if (segments.size() != 5 || segments[0].size() != 2 || segments[1].size() != 2) return {};
  if (segments[3].size() != kHashBytes || !all(segments[3], is_letter_or_digit) || segments[4].empty()) return {};
  const auto key = without_suffix_a(segments[2]);
  return is_product_key(key) ? key : std::string_view{};
}

std::optional<RestoreName> read_restore_name(std::string_view name) {
  constexpr std::string_view kEnding = "_Restore.ipsw";
  if (!name.ends_with(kEnding)) return std::nullopt;
  const auto words = split(name.substr(0, name.size() - kEnding.size()), '_');
  if (words.size() < 3) return std::nullopt;
  // Some old names carry a second, internal build: take the first pair of version and build.
  for (std::size_t i = 1; i + 1 < words.size(); ++i) {
    if (!is_version_number(words[i]) || !is_apple_build(words[i + 1])) continue;
    std::string product = product_of_model(words.front(), words[i]);
    if (product.empty()) return std::nullopt;
    return RestoreName{std::move(product), with_beta(std::string(words[i]), words[i + 1]), std::string(words[i + 1])};
  }
  return std::nullopt;
}

std::optional<RestoreName> read_version_folder(std::string_view path) {
  static constexpr auto kSystems = std::to_array<std::string_view>({"iPadOS", "watchOS", "tvOS", "macOS", "iOS"});
  if (!path.starts_with('/')) return std::nullopt;
  const auto end = path.find('/', 1);
  if (end == std::string_view::npos) return std::nullopt;
  const auto folder = path.substr(1, end - 1);
  for (const auto system : kSystems) {
    if (!equals_ignoring_case(folder.substr(0, system.size()), system)) continue;
    const auto version = folder.substr(system.size());
    if (is_dotted_number(version)) return RestoreName{std::string(system), std::string(version), {}};
  }
  return std::nullopt;
}

std::string_view mobile_asset_type(std::string_view path) {
  constexpr std::string_view kMark = "/com_apple_MobileAsset_";
  const auto at = path.find(kMark);
  if (at == std::string_view::npos) return {};
  const auto type = path.substr(at + kMark.size());
  return type.substr(0, type.find('/'));
}

std::string train_of(std::string_view path) {
  constexpr std::size_t kYearDigits = 4;
  const auto segments = split(path.substr(path.empty() ? 0 : 1), '/');
  const auto first = segments.front();
  if (first.size() < kYearDigits || !first.starts_with("20") || !all(first.substr(0, kYearDigits), is_digit)) return {};
  if (first.size() > kYearDigits) return all(first, is_letter_or_digit) ? std::string(first) : std::string{};
  static constexpr auto kSorting = std::to_array<std::string_view>({"patches", "mobileassets", "fullrestores"});
  const bool sorted = segments.size() > 1 && std::find(kSorting.begin(), kSorting.end(), segments[1]) != kSorting.end();
  if (segments.size() < 3 || sorted || !all(segments[1], is_letter_or_digit)) return std::string(first);
  return std::string(first).append("/").append(segments[1]);
}

bool has_hash_or_uuid(std::string_view path) {
  const auto segments = split(path, '/');
  return std::any_of(segments.begin(), segments.end(),
                     [](std::string_view segment) { return is_uuid(segment) || is_sha1(segment); });
}

}  // namespace larder::updates
