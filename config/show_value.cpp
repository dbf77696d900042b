// SPDX-License-Identifier: MIT
#include "config/show_value.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/duration.h"

namespace larder::config {

std::string show_text(std::string_view text) {
  std::string shown = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') shown.push_back('\\');
    shown.push_back(c);
  }
  return shown + "\"";
}

std::string show_path(const std::filesystem::path& path) {
  return show_text(path.string());
}

std::string show_size(std::uint64_t bytes) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kUnits{
      {{"TiB", 1024 * kGiB}, {"GiB", kGiB}, {"MiB", kMiB}, {"KiB", kKiB}}};
  for (const auto& [name, factor] : kUnits) {
    if (bytes >= factor && bytes % factor == 0)
      return show_text(std::to_string(bytes / factor) + " " + std::string(name));
  }
  return show_text(std::to_string(bytes) + " B");
}

std::string show_duration(std::chrono::seconds span) {
  return show_text(format_duration(span));
}

std::string show_list(const std::vector<std::string>& texts) {
  std::string shown = "[";
  for (const auto& text : texts) shown += (shown.size() > 1 ? ", " : "") + show_text(text);
  return shown + "]";
}

std::string show_list(const std::vector<Endpoint>& endpoints) {
  std::vector<std::string> texts;
  for (const auto& endpoint : endpoints) texts.push_back(endpoint.text());
  return show_list(texts);
}

std::string show_list(const std::vector<Network>& networks) {
  const auto holds = [](const std::vector<Network>& list, const Network& network) {
    return std::find(list.begin(), list.end(), network) != list.end();
  };
  const auto& private_ones = private_networks();
  const bool all_private = std::all_of(private_ones.begin(), private_ones.end(),
                                       [&](const Network& network) { return holds(networks, network); });
  std::vector<std::string> texts;
  if (all_private) texts.emplace_back("private");
  for (const auto& network : networks) {
    if (!all_private || !holds(private_ones, network)) texts.push_back(network.text());
  }
  return show_list(texts);
}

}  // namespace larder::config
