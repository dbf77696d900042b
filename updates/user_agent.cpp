// SPDX-License-Identifier: MIT
#include "updates/user_agent.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/recognise.h"

namespace larder::updates {
namespace {

// Agents are short; what comes after this is not looked at.
constexpr std::size_t kAgentBytes = 512;

struct DarwinVersions {
  std::string_view darwin;  // major.minor
  std::string_view mobile;  // iOS, iPadOS and tvOS
  std::string_view mac;
};

// matomo-org/device-detector, regexes/oss.yml. From Darwin 23 on, minor for minor, see regular_versions.
constexpr auto kDarwin = std::to_array<DarwinVersions>({
    {"19.0", "13.0", "10.15"},   {"19.2", "13.3", "10.15.2"}, {"19.3", "13.3.1", "10.15.3"},
    {"19.4", "13.4", "10.15.4"}, {"19.5", "13.5", "10.15.5"}, {"19.6", "13.6", "10.15.6"},
    {"20.0", "14.0", "11.0"},    {"20.1", "14.2", "11.0"},    {"20.2", "14.3", "11.1"},
    {"20.3", "14.4", "11.2"},    {"20.4", "14.5", "11.3"},    {"20.5", "14.6", "11.4"},
    {"20.6", "14.7", "11.5"},    {"21.0", "15.0", "12.0"},    {"21.1", "15.1", "12.0.1"},
    {"21.2", "15.2", "12.1"},    {"21.3", "15.3", "12.2"},    {"21.4", "15.4", "12.3"},
    {"21.5", "15.5", "12.4"},    {"21.6", "15.6", "12.5"},    {"22.0", "16.0", "13.0"},
    {"22.1", "16.1", "13.0.1"},  {"22.2", "16.2", "13.1"},    {"22.3", "16.3", "13.2"},
    {"22.4", "16.4", "13.3"},    {"22.5", "16.5", "13.4"},    {"22.6", "16.6", "13.5"},
    {"26.0", "27.0", "27.0"},    {"27.0", "27.0", "27.0"},
});

struct Versions {
  std::string mobile;
  std::string mac;
};

// Darwin 23.m is iOS 17.m and macOS 14.m, 24.m is 18.m and 15.m, 25.m is 26.m on all.
Versions regular_versions(std::string_view major, std::string_view minor) {
  const std::string tail = "." + std::string(minor);
  if (major == "23") return {"17" + tail, "14" + tail};
  if (major == "24") return {"18" + tail, "15" + tail};
  if (major == "25") return {"26" + tail, "26" + tail};
  return {};
}

Versions versions_of(std::string_view darwin) {
  const auto parts = split(darwin, '.');
  if (parts.size() < 2) return {};
  const std::string minor = std::string(parts[0]).append(".").append(parts[1]);
  const auto row = std::find_if(kDarwin.begin(), kDarwin.end(), [&](const auto& each) { return each.darwin == minor; });
  if (row != kDarwin.end()) return {std::string(row->mobile), std::string(row->mac)};
  return regular_versions(parts[0], parts[1]);
}

// What follows "name" up to a space, a bracket or a semicolon; "" when it is not there.
std::string_view value_of(std::string_view agent, std::string_view name) {
  const auto at = agent.find(name);
  if (at == std::string_view::npos) return {};
  if (at > 0 && agent[at - 1] != ' ' && agent[at - 1] != '(') return {};
  const auto value = agent.substr(at + name.size());
  return value.substr(0, std::min(value.find_first_of(" ();,"), value.size()));
}

bool is_version(std::string_view text) {
  return !text.empty() && is_digit(text.front()) && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == ',' || c == '.' || c == '-' || c == '_';
  });
}

constexpr auto kNamedSystems =
    std::to_array<std::string_view>({"iOS", "iPadOS", "tvOS", "macOS", "watchOS", "visionOS"});

// "com.apple.appstored/1.0 iOS/18.0 model/iPhone16,2 hwp/t8130 build/22A3354 (6; dt:311) AMS/1"
bool read_named(std::string_view agent, AgentFacts& facts) {
  for (const auto system : kNamedSystems) {
    const auto version = value_of(agent, std::string(system) + '/');
    if (!is_version(version)) continue;
    facts.os = system;
    facts.os_version = version;
    facts.exact = true;
    // A model has a comma in it, "iPhone16,2", where value_of ends.
    const auto model = agent.find(" model/");
    if (model != std::string_view::npos) {
      const auto name = agent.substr(model + 7);
      facts.model = name.substr(0, std::min(name.find_first_of(" ();"), name.size()));
    }
    facts.build = value_of(agent, "build/");
    if (!is_plain(facts.model)) facts.model.clear();
    if (!is_plain(facts.build)) facts.build.clear();
    const bool pad = facts.os == "iOS" && facts.model.starts_with("iPad");
    if (pad && compare_versions(facts.os_version, "13") >= 0) facts.os = "iPadOS";
    return true;
  }
  return false;
}

// Agents that only Macs send. AutoUpdate percent-encodes the spaces of its name.
bool is_mac_only(std::string_view agent) {
  static constexpr auto kStarts = std::to_array<std::string_view>(
      {"Microsoft%20AutoUpdate", "Microsoft AutoUpdate", "Microsoft%20Update%20Assistant", "Microsoft Update Assistant",
       "Software Update", "Software%20Update"});
  return std::any_of(kStarts.begin(), kStarts.end(), [&](std::string_view start) { return agent.starts_with(start); });
}

// An architecture in brackets is written by Intel Macs alone; Apple silicon looks like an iPhone.
bool is_intel(std::string_view agent) {
  return agent.find("(x86_64)") != std::string_view::npos || agent.find("(i386)") != std::string_view::npos;
}

void read_darwin(std::string_view agent, AgentFacts& facts) {
  const auto darwin = value_of(agent, "Darwin/");
  if (!is_version(darwin)) return;
  facts.darwin = darwin;
  const Versions versions = versions_of(darwin);
  if (facts.os == "macOS" || is_intel(agent)) {
    facts.os = "macOS";
    facts.os_version = versions.mac;
    return;
  }
  facts.os = "iOS or macOS";
  if (versions.mac == versions.mobile) facts.os_version = versions.mac;
}

// Windows' own clients. Microsoft-Delivery-Optimization-Lite is left out: it runs on Linux as well. Their "10.0" is
// both Windows 10 and 11, so no version is taken from it.
bool is_windows(std::string_view agent) {
  static constexpr auto kStarts =
      std::to_array<std::string_view>({"Microsoft-Delivery-Optimization/", "Windows-Update-Agent", "Microsoft BITS/",
                                       "Microsoft-CryptoAPI/", "Microsoft NCSI"});
  return std::any_of(kStarts.begin(), kStarts.end(), [&](std::string_view start) { return agent.starts_with(start); });
}

}  // namespace

bool is_system(std::string_view product) {
  return std::find(kNamedSystems.begin(), kNamedSystems.end(), product) != kNamedSystems.end();
}

AgentFacts read_user_agent(std::string_view user_agent) {
  const std::string_view agent = user_agent.substr(0, kAgentBytes);
  AgentFacts facts;
  if (is_windows(agent)) {
    facts.os = "Windows";
    return facts;
  }
  if (read_named(agent, facts)) return facts;
  if (is_mac_only(agent)) facts.os = "macOS";
  read_darwin(agent, facts);
  return facts;
}

}  // namespace larder::updates
