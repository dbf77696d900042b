// SPDX-License-Identifier: MIT
// The names of the ledger's enumerations, as the API, the reports and the metrics write them.
#include <array>

#include "reports/fetch_record.h"

namespace larder::reports {

std::string_view to_string(Entrance entrance) {
  switch (entrance) {
    case Entrance::content_cache:
      return "content_cache";
    case Entrance::proxy:
      return "proxy";
    case Entrance::tunnel:
      return "tunnel";
    case Entrance::steered:
      return "steered";
    case Entrance::sni:
      return "sni";
    case Entrance::update_cache:
      return "update_cache";
    case Entrance::delivery_optimization:
      return "delivery_optimization";
    case Entrance::helper:
      return "helper";
    case Entrance::own:
      return "own";
  }
  return "unknown";
}

std::string_view to_string(Answered answered) {
  switch (answered) {
    case Answered::hit:
      return "hit";
    case Answered::joined:
      return "joined";
    case Answered::miss:
      return "miss";
    case Answered::stale:
      return "stale";
    case Answered::pass:
      return "pass";
    case Answered::refused:
      return "refused";
    case Answered::failed:
      return "failed";
  }
  return "unknown";
}

Outcome outcome_of(Answered answered, int status) {
  constexpr int kServerError = 500;
  if (answered == Answered::refused) return Outcome::refused;
  return answered == Answered::failed || status >= kServerError ? Outcome::failed : Outcome::served;
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::served:
      return "served";
    case Outcome::refused:
      return "refused";
    case Outcome::failed:
      return "failed";
  }
  return "unknown";
}

std::string_view to_string(FileKind kind) {
  switch (kind) {
    case FileKind::full:
      return "full";
    case FileKind::delta:
      return "delta";
    case FileKind::catalogue:
      return "catalogue";
    case FileKind::other:
      return "other";
  }
  return "unknown";
}

bool better_evidence(DeviceEvidence a, DeviceEvidence b) {
  // By number: token, proxy_user, mac, address, lease, dhcp, name.
  constexpr std::array<int, kDeviceEvidences> kRank{0, 1, 3, 6, 2, 4, 5};
  return kRank.at(static_cast<std::size_t>(a)) < kRank.at(static_cast<std::size_t>(b));
}

std::string_view to_string(DeviceEvidence evidence) {
  switch (evidence) {
    case DeviceEvidence::token:
      return "token";
    case DeviceEvidence::proxy_user:
      return "proxy_user";
    case DeviceEvidence::mac:
      return "mac";
    case DeviceEvidence::address:
      return "address";
    case DeviceEvidence::lease:
      return "lease";
    case DeviceEvidence::dhcp:
      return "dhcp";
    case DeviceEvidence::name:
      return "name";
  }
  return "unknown";
}

}  // namespace larder::reports
