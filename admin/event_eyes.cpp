// SPDX-License-Identifier: MIT
#include "admin/event_eyes.h"

#include <map>
#include <utility>

#include "admin/own_name.h"

namespace larder::admin {
namespace {

void add_disk(const cache::StoreStatus& store, const reports::Ledger::LedgerStatus& ledger,
              std::vector<Condition>& conditions) {
  const auto add = [&](const char* about, const char* severity, std::string begins, const char* ends) {
    conditions.push_back({"disk", about, severity, std::move(begins), ends});
  };
  if (!store.broken.empty()) {
    add("store", "error", "The store cannot be used, nothing is kept: " + plain(store.broken),
        "The store works again.");
  }
  if (store.full) {
    add("room", "warning",
        "There is no room: the disk's reserve or the store's size is reached, and downloads pass through unkept.",
        "There is room in the store again.");
  }
  if (!ledger.broken.empty()) {
    add("ledger", "error", "Nothing is recorded: " + plain(ledger.broken), "Fetches are recorded again.");
  }
}

// Of those that rest, the ones that were not reached; others have asked for their rest.
void add_origins(const std::vector<RestingOrigin>& origins, std::vector<Condition>& conditions) {
  for (const RestingOrigin& origin : origins) {
    if (origin.failures == 0) continue;
    conditions.push_back({"origin_down", origin.origin, "warning",
                          plain(origin.origin) + " cannot be reached and is left alone: " + plain(origin.why),
                          plain(origin.origin) + " is asked again as usual."});
  }
}

void add_staleness(const std::vector<proxy::MauState>& manifests, WallTime now, std::vector<Condition>& conditions) {
  const WallTime newest = newest_office_release(manifests);
  if (newest != WallTime() && now - newest > kOfficeStale) {
    conditions.push_back({"catalogue_stale", "Office", "warning",
                          "No new Office release has been seen for " + std::to_string(kOfficeStale.count()) +
                              " days: see whether res.public.onecdn.static.microsoft can be reached.",
                          "A new Office release has been seen."});
  }
  std::map<std::string, std::size_t> unconfirmed;  // by channel
  for (const proxy::MauState& state : manifests) {
    if (is_unconfirmed(state, now)) ++unconfirmed[state.channel];
  }
  for (const auto& [channel, applications] : unconfirmed) {
    conditions.push_back({"catalogue_stale", "AutoUpdate " + channel, "warning",
                          "The origin has not confirmed AutoUpdate's manifests of " + std::to_string(applications) +
                              " applications in " + plain(channel) + " for two days, while devices ask for them.",
                          "AutoUpdate's manifests in " + plain(channel) + " are confirmed again."});
  }
}

}  // namespace

Sighting EventEyes::look(const config::Config& config) {
  const LiveStatus live = sources_->live();
  const auto manifests = sources_->manifests ? sources_->manifests() : std::vector<proxy::MauState>{};
  Sighting sighting;
  sighting.now = sources_->clock.now();
  sighting.site = plain(own_name(config));
  sighting.spread_percent = config.webhooks.spread_percent;
  sighting.mismatches = live.mismatches;
  add_disk(sources_->store.status(), sources_->ledger.status(), sighting.conditions);
  add_origins(live.origins_at_rest, sighting.conditions);
  add_staleness(manifests, sighting.now, sighting.conditions);
  look_at_releases(manifests, sighting);
  look_at_spread(sighting);
  return sighting;
}

void EventEyes::look_at_releases(const std::vector<proxy::MauState>& manifests, Sighting& sighting) {
  const SteadyTime begin = sources_->clock.steady();
  auto knowledge = sources_->knowledge();
  std::size_t releases = 0;
  for (const proxy::MauState& state : manifests) releases += state.releases.size();
  if (!releases_turn_.due(begin) || (knowledge == knowledge_ && releases == manifest_releases_)) return;
  sighting.releases = listed_releases(manifests, *knowledge);
  knowledge_ = std::move(knowledge);
  manifest_releases_ = releases;
  releases_turn_.took(begin, sources_->clock.steady());
}

void EventEyes::look_at_spread(Sighting& sighting) {
  const SteadyTime begin = sources_->clock.steady();
  const std::uint64_t fetches = sources_->ledger.status().fetches;
  const bool same = fetches == fetches_ && percent_ == sighting.spread_percent;
  if (!spread_turn_.due(begin) || same) return;
  auto spread = sources_->ledger.spread({});
  spread_turn_.took(begin, sources_->clock.steady());
  if (!spread) return;  // the status says what is wrong with the ledger
  sighting.spread = std::move(*spread);
  fetches_ = fetches;
  percent_ = sighting.spread_percent;
}

}  // namespace larder::admin
