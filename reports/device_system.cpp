// SPDX-License-Identifier: MIT
#include "reports/device_system.h"

#include "updates/recognise.h"

namespace larder::reports {
namespace {

// A word without a version takes the place of none that has one, unless it is exact and names another system.
bool takes_place(const SystemIds& said, std::uint64_t time_us, const SystemWord& word) {
  if (word.said.os == 0) return true;
  if (said.version == 0) {
    const bool other = said.os != word.said.os && is_exact(said.evidence);
    return (other || word.said.version == 0) && time_us >= word.time_us;
  }
  return word.said.version == 0 || time_us >= word.time_us;
}

}  // namespace

std::string_view to_string(SystemEvidence evidence) {
  switch (evidence) {
    case SystemEvidence::none:
      return "";
    case SystemEvidence::locate:
      return "locate";
    case SystemEvidence::user_agent:
      return "user_agent";
    case SystemEvidence::darwin:
      return "darwin";
    case SystemEvidence::delta:
      return "delta";
  }
  return "";
}

bool is_exact(SystemEvidence evidence) {
  return evidence == SystemEvidence::locate || evidence == SystemEvidence::user_agent;
}

SystemSaid system_said(const updates::AgentFacts& agent) {
  if (agent.os.empty()) return {};
  const auto evidence = agent.exact || agent.darwin.empty() ? SystemEvidence::user_agent : SystemEvidence::darwin;
  return {agent.os, agent.os_version, agent.build, evidence};
}

void encode_system(const SystemIds& said, StoredWriter& out) {
  out.varint(said.os);
  if (said.os == 0) return;
  out.varint(said.version);
  out.varint(said.build);
  out.u8(static_cast<std::uint8_t>(said.evidence));
}

bool decode_system(StoredReader& in, SystemIds& said) {
  said = {};
  said.os = in.varint32();
  if (said.os == 0) return true;
  said.version = in.varint32();
  said.build = in.varint32();
  const std::uint8_t evidence = in.u8();
  said.evidence = static_cast<SystemEvidence>(evidence);
  return evidence < kSystemEvidences;
}

void DeviceSystem::hear(const SystemIds& said, std::uint64_t time_us) {
  if (said.os == 0) return;
  SystemWord& word = is_exact(said.evidence) ? exact : least;
  if (takes_place(said, time_us, word)) word = {said, time_us};
}

ShownSystem shown_system(const DeviceSystem& system, const std::function<std::string(std::uint32_t)>& text_of) {
  const auto text = [&](std::uint32_t id) { return id == 0 ? std::string() : text_of(id); };
  const auto shown = [&](const SystemWord& word) {
    return ShownSystem{text(word.said.os),
                       text(word.said.version),
                       text(word.said.build),
                       word.said.evidence,
                       word.said.version != 0 && !is_exact(word.said.evidence),
                       word.time_us};
  };
  if (system.exact.said.os == 0) return shown(system.least);
  ShownSystem exact = shown(system.exact);
  ShownSystem least = shown(system.least);
  if (least.version.empty()) return exact;
  const bool higher = exact.version.empty() ||
                      (least.time_us > exact.time_us && updates::compare_versions(least.version, exact.version) > 0);
  if (!higher) return exact;
  least.os = exact.os;
  return least;
}

}  // namespace larder::reports
