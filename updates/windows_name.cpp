// SPDX-License-Identifier: MIT
#include "updates/windows_name.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace larder::updates {
namespace {

constexpr auto kAppEndings = std::to_array<std::string_view>(
    {".appx", ".msix", ".appxbundle", ".msixbundle", ".eappx", ".emsix", ".eappxbundle", ".emsixbundle"});

// What is installed, beside apps and images.
constexpr auto kEndings =
    std::to_array<std::string_view>({".exe", ".cab", ".msu", ".msi", ".msp", ".psf", ".wim", ".esd", ".zip"});

struct Started {
  std::string_view start;  // lower case
  std::string_view product;
};
constexpr std::string_view kDefenderDelta = "am_delta";
constexpr auto kStarts = std::to_array<Started>({
    {"microsoftedgewebview", "Microsoft Edge WebView2 Runtime"},
    {"microsoft.webview2.", "Microsoft Edge WebView2 Runtime"},
    {"microsoftedgeupdate", "Microsoft Edge Update"},
    {"microsoftedgebeta", "Microsoft Edge Beta"},
    {"microsoftedgedev", "Microsoft Edge Dev"},
    {"microsoftedgecanary", "Microsoft Edge Canary"},
    {"microsoftedge", "Microsoft Edge"},
    {kDefenderDelta, "Microsoft Defender definitions"},
    {"am_base", "Microsoft Defender definitions"},
    {"am_engine", "Microsoft Defender definitions"},
    {"mpam-", "Microsoft Defender definitions"},
    {"updateplatform.", "Microsoft Defender platform"},
});

// "windows10.0-kb5037771-x64_<sha1>.cab" -> "KB5037771"; "" when the name tells none.
std::string knowledge_base_number(std::string_view lower) {
  constexpr std::size_t kFewestDigits = 6;
  const auto at = lower.find("kb");
  if (at == std::string_view::npos) return {};
  const auto digits = lower.substr(at + 2);
  const auto number = digits.substr(0, std::min(digits.find_first_not_of("0123456789"), digits.size()));
  return number.size() < kFewestDigits ? std::string{} : "KB" + std::string(number);
}

// The first run of digits and dots that has `dots` dots or more, between other characters.
std::string dotted(std::string_view text, std::ptrdiff_t dots) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find_first_not_of("0123456789.", at), text.size());
    std::string_view run = text.substr(at, end - at);
    while (run.starts_with('.')) run.remove_prefix(1);
    while (run.ends_with('.')) run.remove_suffix(1);
    if (std::count(run.begin(), run.end(), '.') >= dots) return std::string(run);
    at = end + 1;
  }
  return {};
}

bool ends_with_any(std::string_view lower, const auto& endings) {
  return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) { return lower.ends_with(ending); });
}

// "MicrosoftEdge_X64_120.0.2210.61_119.0.2151.97.exe": two versions, the newer first.
WindowsName read_started(std::string_view name, std::string_view product, bool delta) {
  constexpr std::ptrdiff_t kDots = 3;
  WindowsName read{std::string(product), dotted(name, kDots), {}, delta};
  if (read.version.empty()) return read;
  read.from_version = dotted(name.substr(name.find(read.version) + read.version.size()), kDots);
  read.delta = delta || !read.from_version.empty();
  return read;
}

// "22621.1702.230505-1222....esd": the build and its revision come first.
WindowsName read_image(std::string_view name) {
  const auto parts = split(name, '.');
  const auto is_number = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_digit);
  };
  if (parts.size() < 3 || !is_number(parts[0]) || !is_number(parts[1])) return {"Windows image", {}};
  return {"Windows image", std::string(parts[0]).append(".").append(parts[1]), {}, false};
}

// "Microsoft.WindowsNotepad_11.2402.22.0_neutral_~_8wekyb3d8bbwe.Msixbundle"
WindowsName read_app(std::string_view name) {
  const auto words = split(name.substr(0, name.rfind('.')), '_');
  if (words.size() < 2 || words.front().empty()) return {};
  return {std::string(words.front()), dotted(words[1], 1), {}, false};
}

}  // namespace

WindowsName read_windows_name(std::string_view name) {
  const std::string lower = to_lower(name);
  if (ends_with_any(lower, kAppEndings)) return read_app(name);
  if (!ends_with_any(lower, kEndings)) return {};
  for (const Started& row : kStarts) {
    if (lower.starts_with(row.start)) return read_started(name, row.product, row.start == kDefenderDelta);
  }
  if (lower.ends_with(".esd")) return read_image(name);
  if (const auto number = knowledge_base_number(lower); !number.empty()) {
    return {(lower.starts_with("windows") ? "Windows update " : "Microsoft update ") + number, {}};
  }
  return {};
}

}  // namespace larder::updates
