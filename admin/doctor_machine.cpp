// SPDX-License-Identifier: MIT
// What the doctor sees of this machine and of what Larder keeps on it.
#include <ifaddrs.h>
#include <net/if.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include "admin/doctor.h"
#include "admin/releases.h"
#include "base/bytes.h"
#include "base/limits.h"
#include "base/owned.h"
#include "cache/disk.h"

namespace larder::admin {
namespace {

// ---- storage ----

struct FileSystem {
  std::uint32_t magic;
  std::string_view name;
  std::string_view trouble;  // "" none
};

// linux/magic.h; ZFS is in no header.
constexpr auto kFileSystems = std::to_array<FileSystem>(
    {{0xEF53, "ext4", ""},
     {0x58465342, "XFS", ""},
     {0x9123683E, "Btrfs", ""},
     {0xF2F52010, "F2FS", ""},
     {0x2FC12FC1, "ZFS", ""},
     {0x01021994, "tmpfs", "it is memory: all that is kept is gone after a restart of the machine"},
     {0x794C7630, "overlayfs", "it is a container's own layer: all that is kept is gone with the container"},
     {0x65735546, "FUSE", "it may be a network file system, and on those LMDB's locks and maps do not work"}});

void examine_file_system(const std::string& path, Findings& findings) {
  struct statfs status {};
  if (statfs(path.c_str(), &status) != 0) return;
  const auto magic = static_cast<std::uint32_t>(status.f_type);
  if (const auto network = cache::network_file_system(magic); !network.empty()) {
    findings.push_back({"file system", path, Verdict::bad, "it is on " + std::string(network),
                        "put storage.path on a local disk: on a network file system what is kept breaks"});
    return;
  }
  const auto* known =
      std::find_if(kFileSystems.begin(), kFileSystems.end(), [&](const FileSystem& one) { return one.magic == magic; });
  const std::string name(known == kFileSystems.end() ? "a local file system" : known->name);
  const std::string trouble(known == kFileSystems.end() ? "" : known->trouble);
  findings.push_back({"file system", path, trouble.empty() ? Verdict::good : Verdict::warning,
                      "it is on " + name + (trouble.empty() ? "" : ": " + trouble),
                      trouble.empty() ? "" : "put storage.path on a disk of its own, with ext4 or XFS"});
}

void examine_room(const Desk& desk, const cache::StoreStatus& store, Findings& findings) {
  const config::StorageConfig& storage = desk.config->storage;
  const std::string path = storage.path.string();
  struct statvfs status {};
  if (statvfs(path.c_str(), &status) != 0) {
    findings.push_back({"disk", path, Verdict::bad, "it cannot be looked at", "see that storage.path exists"});
    return;
  }
  const std::uint64_t free = static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  const std::uint64_t to_come = storage.cache_size_bytes - std::min(storage.cache_size_bytes, store.bytes_held);
  const std::uint64_t usable = free - std::min(free, storage.reserve_bytes);
  const std::string has = format_bytes(free) + " are free";
  if (usable == 0) {
    findings.push_back(
        {"disk", path, Verdict::bad,
         has + ", no more than storage.reserve (" + format_bytes(storage.reserve_bytes) + "): nothing new is kept",
         "free some space, or lower storage.reserve"});
  } else if (usable < to_come) {
    findings.push_back({"disk", path, Verdict::warning,
                        has + "; storage.cache_size and storage.reserve would take " +
                            format_bytes(to_come + storage.reserve_bytes) + " yet",
                        "lower storage.cache_size to " + format_bytes(store.bytes_held + usable) +
                            " or less, or use a larger disk: until then updates go sooner than they should"});
  } else {
    findings.push_back(
        {"disk", path, Verdict::good,
         has + ", enough for storage.cache_size (" + format_bytes(storage.cache_size_bytes) + ") and storage.reserve",
         ""});
  }
  if (store.broken.empty() && !cache::can_be_written(storage.path)) {
    findings.push_back({"disk", path, Verdict::bad, "no file can be written there",
                        "see that it is mounted for writing, is not full, and belongs to the user larderd runs as"});
  }
}

// ---- what is kept ----

void examine_environments(const Desk& desk, const cache::StoreStatus& store, Findings& findings) {
  const reports::Ledger::LedgerStatus ledger = desk.sources.ledger.status();
  const std::size_t before = findings.size();
  if (!store.broken.empty()) {
    findings.push_back({"environments", "cache", Verdict::bad, "nothing is kept: " + store.broken,
                        "mend what it names; larderd tries again by itself"});
  }
  if (!ledger.broken.empty()) {
    findings.push_back({"environments", "ledger", Verdict::bad, "nothing is recorded: " + ledger.broken,
                        "mend what it names; larderd tries again by itself"});
  }
  const std::string look =
      "look at the disk (smartctl, the kernel's log); delete what was set aside when nobody wants to look at it";
  for (const std::string& aside : store.set_aside) {
    findings.push_back({"environments", "cache", Verdict::warning, "one was set aside and begun anew: " + aside, look});
  }
  for (const std::string& aside : ledger.set_aside) {
    findings.push_back({"environments", "ledger", Verdict::warning, "the record was begun anew: " + aside, look});
  }
  if (findings.size() > before) return;
  findings.push_back({"environments", "", Verdict::good, "cache and ledger are open; none was set aside", ""});
}

void examine_catalogues(const Desk& desk, Findings& findings) {
  const auto manifests = desk.sources.manifests ? desk.sources.manifests() : std::vector<proxy::MauState>{};
  if (manifests.empty()) {
    findings.push_back({"catalogues", "", Verdict::good,
                        "no manifest of AutoUpdate is followed yet: no device has asked for one", ""});
    return;
  }
  const WallTime now = desk.sources.clock.now();
  const std::size_t before = findings.size();
  for (const proxy::MauState& state : manifests) {
    const std::string name = (state.product.empty() ? state.app_id : state.product) + ", " + state.channel;
    if (!state.held.empty()) {
      findings.push_back({"catalogues", name, Verdict::warning, "what the origin has is held back: " + state.held,
                          "wait: it is shown once it is whole, or has lasted for updates.holdoff"});
    } else if (is_unconfirmed(state, now)) {
      findings.push_back({"catalogues", name, Verdict::warning,
                          "the origin has not confirmed it since " + to_rfc3339(state.confirmed),
                          "see whether res.public.onecdn.static.microsoft can be reached from here"});
    }
  }
  if (const WallTime newest = newest_office_release(manifests); newest != WallTime() && now - newest > kOfficeStale) {
    findings.push_back({"catalogues", "", Verdict::warning,
                        "no new Office release has been seen since " + to_rfc3339(newest),
                        "see whether res.public.onecdn.static.microsoft can be reached from here"});
  }
  if (findings.size() > before) return;
  findings.push_back({"catalogues", "", Verdict::good,
                      std::to_string(manifests.size()) + " manifests of AutoUpdate are followed, none is old", ""});
}

// ---- who may come, and how many ----

// The bits of a network mask, as they are written behind the slash.
int bits_of(const sockaddr& mask) {
  int ones = 0;
  for (const std::uint8_t byte : config::Address::from(mask).bytes) ones += std::popcount(byte);
  constexpr int kOnesOfMapping = 16;  // an IPv4 address is kept behind ::ffff:
  return mask.sa_family == AF_INET ? ones - kOnesOfMapping : ones;
}

void examine_access(const Desk& desk, Findings& findings) {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return;
  const Owned<ifaddrs, freeifaddrs> owned(list);
  std::set<std::string> covered;
  std::set<std::string> uncovered;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_netmask == nullptr || (at->ifa_flags & IFF_LOOPBACK) != 0) continue;
    const auto family = at->ifa_addr->sa_family;
    if (family != AF_INET && family != AF_INET6) continue;
    const config::Address address = config::Address::from(*at->ifa_addr);
    const std::string network = address.text() + "/" + std::to_string(bits_of(*at->ifa_netmask));
    (config::any_contains(desk.config->access.clients, address) ? covered : uncovered).insert(network);
  }
  for (const std::string& network : uncovered) {
    findings.push_back({"access", network, Verdict::warning,
                        "this machine is in that network, and access.clients allows it nothing",
                        "add the network to access.clients, if devices there are to be served"});
  }
  if (!uncovered.empty()) return;
  std::string all;
  for (const std::string& network : covered) all += (all.empty() ? "" : ", ") + network;
  findings.push_back(
      {"access", "", Verdict::good,
       all.empty() ? "this machine has no network but itself" : "access.clients allows this machine's networks: " + all,
       ""});
}

void examine_descriptors(const Desk& desk, Findings& findings) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const config::LimitsConfig& limits = desk.config->limits;
  const std::uint64_t wanted =
      std::uint64_t{limits.connections} + 2 * std::uint64_t{limits.tunnels} + limits::kOwnDescriptors;
  const std::string has = "the process may have " + std::to_string(limit.rlim_cur) + " descriptors";
  if (limit.rlim_cur >= wanted) {
    findings.push_back(
        {"descriptors", "", Verdict::good, has + ", enough for limits.connections and limits.tunnels", ""});
    return;
  }
  findings.push_back({"descriptors", "", Verdict::warning,
                      has + "; limits.connections and limits.tunnels would take " + std::to_string(wanted),
                      "set LimitNOFILE=" + std::to_string(wanted) +
                          " in the unit (systemctl edit larderd): until then fewer clients are served at a time"});
}

}  // namespace

void examine_machine(const Desk& desk, Findings& findings) {
  const cache::StoreStatus store = desk.sources.store.status();
  examine_room(desk, store, findings);
  examine_file_system(desk.config->storage.path.string(), findings);
  examine_environments(desk, store, findings);
  examine_catalogues(desk, findings);
  examine_access(desk, findings);
  examine_descriptors(desk, findings);
}

}  // namespace larder::admin
