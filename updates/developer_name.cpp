// SPDX-License-Identifier: MIT
#include "updates/developer_name.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/text.h"
#include "updates/apple_path.h"
#include "updates/beta.h"
#include "updates/user_agent.h"

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
    return is_number(version) ? std::optional(DeveloperName{std::string(sdk.product), version, {}}) : std::nullopt;
  }
  return std::nullopt;
}

// " beta 3", " RC 2" where the words behind a version say so, wherever among them; "" for what is final.
std::string stage_of(std::span<const std::string_view> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool spelt = i + 1 < words.size() && words[i] == "Release" && words[i + 1] == "Candidate";
    const bool candidate = spelt || equals_ignoring_case(words[i], "RC");
    if (!candidate && !equals_ignoring_case(words[i], "beta")) continue;
    std::string stage = candidate ? " RC" : " beta";
    const std::size_t next = i + (spelt ? 2 : 1);
    if (next < words.size() && is_number(words[next])) add_word(stage, words[next]);
    return stage;
  }
  return {};
}

// "..._for_Xcode__Late_July_2014": a year is no version.
bool is_year(std::string_view text) {
  constexpr std::size_t kDigits = 4;
  return text.size() == kDigits && text.starts_with("20") && text.find('.') == std::string_view::npos;
}

// Tools for a system and a version of Xcode are Xcode's.
std::optional<DeveloperName> read_command_line_tools(std::string_view name) {
  constexpr std::string_view kStart = "Command_Line_Tools_";
  constexpr std::string_view kFor = "for_Xcode_";
  const auto at = name.find(kFor);
  if (!name.starts_with(kStart) || at == std::string_view::npos) return std::nullopt;
  const auto words = split(name.substr(at + kFor.size()), '_');
  DeveloperName read{"Command Line Tools for Xcode", {}, {}};
  if (is_number(words.front())) {
    read.version = std::string(words.front()).append(stage_of({words.begin() + 1, words.end()}));
  }
  return read;
}

// "24B83" after the word "build"; "" when there is none.
std::string build_of(std::span<const std::string_view> words) {
  const auto word = std::find(words.begin(), words.end(), "build");
  if (word == words.end() || word + 1 == words.end() || !is_apple_build(word[1])) return {};
  return std::string(word[1]);
}

}  // namespace

std::optional<DeveloperName> read_developer_name(std::string_view name) {
  const bool archive = std::any_of(kEndings.begin(), kEndings.end(),
                                   [&](std::string_view ending) { return ends_with_ignoring_case(name, ending); });
  if (!archive) return std::nullopt;
  name = name.substr(0, name.rfind('.'));
  if (auto sdk = read_sdk(name)) return sdk;
  if (auto tools = read_command_line_tools(name)) return tools->version.empty() ? std::nullopt : std::move(tools);
  constexpr std::string_view kXcode = "Xcode";
  std::vector<std::string_view> words = split(name, '_');
  if (words.front().starts_with(kXcode) && is_number(words.front().substr(kXcode.size()))) {  // Xcode8.3.3
    words.insert(words.begin() + 1, words.front().substr(kXcode.size()));
    words.front() = kXcode;
  }
  const auto number = std::find_if(words.begin(), words.end(), is_number);
  if (number == words.begin() || number == words.end() || is_year(*number)) return std::nullopt;
  DeveloperName read;
  for (auto word = words.begin(); word != number; ++word) add_word(read.product, *word);
  if (read.product.empty()) return std::nullopt;
  read.version = *number;
  read.version += stage_of({number + 1, words.end()});
  read.build = build_of({number + 1, words.end()});
  read.version = with_beta(std::move(read.version), read.build);
  static constexpr auto kRuntime = std::to_array<std::string_view>({"Simulator", "Runtime"});
  if (std::search(number, words.end(), kRuntime.begin(), kRuntime.end()) != words.end()) {
    add_word(read.product, "Simulator Runtime");
  } else if (is_system(read.product)) {
    return std::nullopt;  // "macOS_15_Session_Videos.dmg": something for the system, never the system
  }
  return read;
}

}  // namespace larder::updates
