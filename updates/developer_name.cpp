// SPDX-License-Identifier: MIT
#include "updates/developer_name.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace larder::updates {
namespace {

constexpr auto kEndings = std::to_array<std::string_view>({".xip", ".dmg", ".pkg"});

struct Sdk {
  std::string_view start;
  std::string_view product;
};
constexpr auto kSdks = std::to_array<Sdk>({
    {"com.apple.pkg.iPhoneSimulatorSDK", "iOS Simulator Runtime"},
    {"com.apple.pkg.AppleTVSimulatorSDK", "tvOS Simulator Runtime"},
    {"com.apple.pkg.WatchSimulatorSDK", "watchOS Simulator Runtime"},
});

bool is_number(std::string_view text) {
  return !text.empty() && is_digit(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
}

void add_word(std::string& text, std::string_view word) {
  if (!text.empty()) text += ' ';
  text += word;
}

// "com.apple.pkg.iPhoneSimulatorSDK14_3-14.3.1.1611873653": the SDK's version stands before the dash.
std::optional<DeveloperName> read_sdk(std::string_view name) {
  for (const Sdk& sdk : kSdks) {
    if (!name.starts_with(sdk.start)) continue;
    std::string version(name.substr(sdk.start.size(), name.find('-') - sdk.start.size()));
    std::replace(version.begin(), version.end(), '_', '.');
    return is_number(version) ? std::optional(DeveloperName{std::string(sdk.product), version}) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<DeveloperName> read_developer_name(std::string_view name) {
  const bool archive = std::any_of(kEndings.begin(), kEndings.end(),
                                   [&](std::string_view ending) { return ends_with_ignoring_case(name, ending); });
  if (!archive) return std::nullopt;
  name = name.substr(0, name.rfind('.'));
  if (auto sdk = read_sdk(name)) return sdk;
  const std::vector<std::string_view> words = split(name, '_');
  const auto number = std::find_if(words.begin(), words.end(), is_number);
  if (number == words.begin() || number == words.end()) return std::nullopt;
  DeveloperName read;
  for (auto word = words.begin(); word != number; ++word) add_word(read.product, *word);
  if (read.product.empty()) return std::nullopt;
  read.version = *number;
  auto word = number + 1;
  if (word != words.end() && equals_ignoring_case(*word, "beta")) {
    add_word(read.version, *word++);
    if (word != words.end() && is_number(*word)) add_word(read.version, *word++);
  } else if (words.end() - word >= 2 && word[0] == "Release" && word[1] == "Candidate") {
    add_word(read.version, "RC");
    word += 2;
  }
  if (words.end() - word >= 2 && word[0] == "Simulator" && word[1] == "Runtime") {
    add_word(read.product, "Simulator Runtime");
  }
  return read;
}

}  // namespace larder::updates
