// SPDX-License-Identifier: MIT
#include "updates/windows_name.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace larder::updates {
namespace {

constexpr auto kAppEndings = std::to_array<std::string_view>(
    {".appx", ".msix", ".appxbundle", ".msixbundle", ".eappx", ".emsix", ".eappxbundle", ".emsixbundle"});

struct Started {
  std::string_view start;  // lower case
  std::string_view product;
};
constexpr auto kStarts = std::to_array<Started>({
    {"microsoftedgewebview", "Microsoft Edge WebView2 Runtime"},
    {"microsoft.webview2.", "Microsoft Edge WebView2 Runtime"},
    {"microsoftedgeupdate", "Microsoft Edge Update"},
    {"microsoftedge", "Microsoft Edge"},
    {"am_delta", "Microsoft Defender definitions"},
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

// "22621.1702.230505-1222....esd": the build and its revision come first.
WindowsName read_image(std::string_view name) {
  const auto parts = split(name, '.');
  const auto is_number = [](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), is_digit);
  };
  if (parts.size() < 3 || !is_number(parts[0]) || !is_number(parts[1])) return {"Windows image", {}};
  return {"Windows image", std::string(parts[0]).append(".").append(parts[1])};
}

// "Microsoft.WindowsNotepad_11.2402.22.0_neutral_~_8wekyb3d8bbwe.Msixbundle"
WindowsName read_app(std::string_view name) {
  const auto words = split(name.substr(0, name.rfind('.')), '_');
  if (words.size() < 2 || words.front().empty()) return {};
  return {std::string(words.front()), dotted(words[1], 1)};
}

}  // namespace

WindowsName read_windows_name(std::string_view name) {
  const std::string lower = to_lower(name);
  for (const Started& row : kStarts) {
    if (lower.starts_with(row.start)) return {std::string(row.product), dotted(name, 3)};
  }
  if (lower.ends_with(".esd")) return read_image(name);
  const bool app = std::any_of(kAppEndings.begin(), kAppEndings.end(),
                               [&](std::string_view ending) { return lower.ends_with(ending); });
  if (app) return read_app(name);
  if (const auto number = knowledge_base_number(lower); !number.empty()) return {"Windows update " + number, {}};
  return {};
}

}  // namespace larder::updates
