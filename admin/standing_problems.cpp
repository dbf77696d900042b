// SPDX-License-Identifier: MIT
#include "admin/standing_problems.h"

#include "admin/audit.h"
#include "admin/releases.h"
#include "admin/webhooks.h"

namespace larder::admin {
namespace {

void add_store(const cache::StoreStatus& store, std::vector<Problem>& problems) {
  if (!store.broken.empty()) {
    problems.push_back({"nothing is kept: " + store.broken,
                        "Devices are still served, straight from the origins. Look at the disk that storage.path is on "
                        "(full, read-only, failing?); Larder takes up storing by itself when it can write again."});
  }
  if (store.full) {
    problems.push_back({"the last write to the store was refused for want of room",
                        "Downloads pass through unkept meanwhile. Give storage.cache_size less or the disk more room; "
                        "storage.reserve is never touched."});
  }
  for (const std::string& aside : store.set_aside) {
    problems.push_back({"the store lost an environment: " + aside,
                        "Nothing is lost but the cache of it: what is missing is fetched again when asked for. The "
                        "file set aside can be deleted; look at the disk first."});
  }
  constexpr std::string_view kLookAtDisk =
      "Run \"larder cache verify\", and look at the disk (smartctl -a): a store does not rot by itself.";
  if (store.chunks_lost > 0) {
    problems.push_back({std::to_string(store.chunks_lost) + " chunks were lost and are fetched again when asked for",
                        std::string(kLookAtDisk)});
  }
  if (store.corrupt_chunks > 0) {
    problems.push_back({std::to_string(store.corrupt_chunks) +
                            " chunks failed their check since the start and were dropped: look at the disk",
                        std::string(kLookAtDisk)});
  }
}

void add_ledger(const reports::Ledger::LedgerStatus& ledger, std::vector<Problem>& problems) {
  if (!ledger.broken.empty()) {
    problems.push_back({"nothing is recorded: " + ledger.broken,
                        "Devices are served, but the reports miss what they fetch. Look at the disk that storage.path "
                        "is on."});
  }
  for (const std::string& aside : ledger.set_aside) {
    problems.push_back({"the record began anew; the old one is " + aside,
                        "Reports begin at that moment. The old record can be kept for a repair, or deleted."});
  }
  if (ledger.dropped > 0) {
    problems.push_back({std::to_string(ledger.dropped) + " fetches were never recorded",
                        "The disk could not keep up with the record. The fetches themselves were answered."});
  }
}

void add_mismatches(const LiveStatus& live, std::vector<Problem>& problems) {
  if (live.mismatches.empty()) return;
  const proxy::Mismatch& last = live.mismatches.front();
  problems.push_back({std::to_string(live.counters.contents_refused.value()) +
                          " downloads since the start were not what a catalogue publishes, and were not kept; the "
                          "last, " +
                          last.url + ": " + last.why,
                      "No device has got these bytes as a good download. If it goes on, ask the vendor or whoever runs "
                      "a proxy on the line."});
}

void add_staleness(const Desk& desk, std::vector<Problem>& problems) {
  const WallTime now = desk.sources.clock.now();
  const WallTime newest = desk.sources.manifests ? newest_office_release(desk.sources.manifests()) : WallTime{};
  if (newest == WallTime() || now - newest <= kOfficeStale) return;
  const auto days = std::chrono::floor<std::chrono::days>(now - newest).count();
  problems.push_back({"no new Office release for " + std::to_string(days) +
                          " days: see whether res.public.onecdn.static.microsoft can be reached",
                      "See whether this machine reaches res.public.onecdn.static.microsoft, through a firewall too: "
                      "larder doctor asks it."});
}

void add_webhooks(const std::vector<HookState>& states, std::vector<Problem>& problems) {
  for (const HookState& state : states) {
    if (!state.in_trouble) continue;
    problems.push_back({"webhook " + std::to_string(state.number) + " (" + state.url +
                            ") is not told of events since " + to_rfc3339(state.failing_since) + ": " + state.why,
                        "Mend its table [[webhooks.hook]] in larder.toml, or the receiver, and try it with \"larder "
                        "webhooks test " +
                            std::to_string(state.number) + "\". " + std::to_string(state.queued) +
                            " events wait; what it refuses, or what has waited for a day, is given up."});
  }
}

// Lines that are missing are told of for a day.
void add_output(const reports::AccessLog::Output& output, WallTime now, const std::string& name,
                const std::string& remedy, std::vector<Problem>& problems) {
  const bool lately = output.lost > 0 && now - output.last_lost < std::chrono::hours(24);
  if (output.problem.empty() && !lately) return;
  std::string what = name + " has gaps: " + output.problem;
  if (output.lost > 0) {
    what += (output.problem.empty() ? "" : "; ") + std::to_string(output.lost) +
            " lines since the start are missing, the last at " + to_rfc3339(output.last_lost);
  }
  problems.push_back({what, "Requests are answered and on record all the same. " + remedy});
}

void add_access_log(const Desk& desk, std::vector<Problem>& problems) {
  const reports::AccessLog::State log = desk.sources.access_log();
  const WallTime now = desk.sources.clock.now();
  add_output(log.file, now, "the access log", "Look at the disk that log.access_file is on.", problems);
  add_output(log.journal, now, "the access log in the journal", "Look after systemd-journald.", problems);
}

}  // namespace

std::vector<Problem> standing_problems(const Desk& desk, const LiveStatus& live) {
  std::vector<Problem> problems;
  add_store(desk.sources.store.status(), problems);
  add_ledger(desk.sources.ledger.status(), problems);
  add_mismatches(live, problems);
  const std::string tls =
      desk.sources.certificates != nullptr ? desk.sources.certificates->state().problem : std::string{};
  if (!tls.empty()) {
    problems.push_back({"the certificate of this Larder: " + tls,
                        "Devices that come by TLS may refuse. Renew the certificate that tls.certificate names, or see "
                        "\"larder tls\"."});
  }
  if (desk.sources.access_log) add_access_log(desk, problems);
  const std::string audit = desk.audit != nullptr ? desk.audit->problem() : std::string{};
  if (!audit.empty()) {
    problems.push_back({"changes are not recorded: " + audit,
                        "They are carried out all the same. Look at the disk that storage.path is on."});
  }
  add_staleness(desk, problems);
  if (desk.sources.webhooks != nullptr) add_webhooks(desk.sources.webhooks->states(), problems);
  return problems;
}

}  // namespace larder::admin
