// SPDX-License-Identifier: MIT
// What a device runs, as its requests have told: the newest exact word, and beside it the newest word that says only
// "at least this". A bound never takes the place of an exact version; it is shown in its stead when it is newer and
// higher, which means that the device has been updated since.
// A locate request says system, version and build, and appstored's User-Agent does (updates/user_agent.h); other agents
// give Darwin's version, which several versions of a system share; a delta is asked for by a device that runs a version
// it starts from.
// Pure; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "reports/stored_bytes.h"
#include "updates/user_agent.h"

namespace larder::reports {

// Numbers are stored.
enum class SystemEvidence : std::uint8_t {
  none,        // not known, or recorded before this was noted
  locate,      // the device asked the locator
  user_agent,  // an agent that names the version itself
  darwin,      // an agent that gives Darwin's version: a lower bound
  delta        // it asked for a delta that starts from this version: a lower bound
};
inline constexpr std::uint8_t kSystemEvidences = 5;
std::string_view to_string(SystemEvidence evidence);  // "" for none
bool is_exact(SystemEvidence evidence);

// What one request says. Texts as it gave them; "" not said.
struct SystemSaid {
  std::string os;  // "macOS", "iOS", ...: as updates/user_agent.h names them
  std::string version;
  std::string build;
  SystemEvidence evidence = SystemEvidence::none;
};

SystemSaid system_said(const updates::AgentFacts& agent);

// The same with the dictionary's text ids; 0 not said.
struct SystemIds {
  std::uint32_t os = 0, version = 0, build = 0;
  SystemEvidence evidence = SystemEvidence::none;
  bool operator==(const SystemIds&) const = default;
};

// As stored: varint os; unless that is 0: varints version and build, u8 evidence. False: not what encode_system writes.
void encode_system(const SystemIds& said, StoredWriter& out);
bool decode_system(StoredReader& in, SystemIds& said);

struct SystemWord {
  SystemIds said;
  std::uint64_t time_us = 0;
  bool operator==(const SystemWord&) const = default;
};

struct DeviceSystem {
  SystemWord exact, least;
  bool operator==(const DeviceSystem&) const = default;

  // Takes what a request at this time has said, whichever order requests are recorded in.
  void hear(const SystemIds& said, std::uint64_t time_us);
};

// What is to be shown of a device's system.
struct ShownSystem {
  std::string os, version, build;
  SystemEvidence evidence = SystemEvidence::none;
  bool at_least = false;      // the version is a lower bound
  std::uint64_t time_us = 0;  // when it was said; 0: never
};
// `text_of` gives the dictionary's text for an id other than 0.
ShownSystem shown_system(const DeviceSystem& system, const std::function<std::string(std::uint32_t)>& text_of);

}  // namespace larder::reports
