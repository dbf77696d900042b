// SPDX-License-Identifier: MIT
#include "admin/event_watch.h"

#include <algorithm>
#include <utility>

#include "admin/json.h"
#include "updates/recognise.h"

namespace larder::admin {
namespace {

// How long a condition must hold before it is told, and be gone before it is over.
struct Patience {
  std::chrono::seconds begin;
  std::chrono::seconds end;
};

Patience patience_of(std::string_view event) {
  // A line that breaks for a moment opens every circuit; a circuit is tried again twice a minute.
  if (event == "origin_down") return {std::chrono::seconds(30), std::chrono::minutes(5)};
  return {std::chrono::seconds(0), std::chrono::minutes(5)};
}

std::string_view field_of(std::string_view event) {
  return event == "origin_down" ? "origin" : event == "catalogue_stale" ? "catalogue" : "what";
}

std::string_view first_number(std::string_view version) {
  return version.substr(0, version.find('.'));
}

bool is_news(const std::string& version, const std::set<std::string>& known) {
  const std::string_view train = first_number(version);
  bool newest = true;
  bool train_known = false;
  bool newest_of_train = true;
  for (const std::string& other : known) {
    const bool newer = updates::compare_versions(version, other) > 0;
    newest = newest && newer;
    if (first_number(other) != train) continue;
    train_known = true;
    newest_of_train = newest_of_train && newer;
  }
  return newest || (train_known && newest_of_train);
}

}  // namespace

Event EventWatch::event(std::string name, std::string severity, std::string text) const {
  return {
      new_event_id(), std::move(name), to_rfc3339(seen_->now), seen_->site, std::move(severity), std::move(text), {}};
}

std::vector<Event> EventWatch::look(const Sighting& sighting) {
  seen_ = &sighting;
  std::vector<Event> events;
  look_at_conditions(events);
  look_at_mismatches(events);
  if (sighting.releases) look_at_releases(events);
  if (sighting.spread) look_at_spread(events);
  seen_ = nullptr;
  return events;
}

void EventWatch::look_at_conditions(std::vector<Event>& events) {
  const WallTime now = seen_->now;
  std::set<Key> current;
  for (const Condition& condition : seen_->conditions) {
    const Key key{condition.event, condition.about};
    current.insert(key);
    gone_since_.erase(key);
    if (told_.contains(key)) continue;
    const WallTime since = since_.try_emplace(key, now).first->second;
    if (now - since < patience_of(condition.event).begin) continue;
    since_.erase(key);
    told_[key] = condition.ends;
    changed_ = true;
    Event begun = event(condition.event, condition.severity, condition.begins);
    begun.fields = {{std::string(field_of(condition.event)), condition.about}, {"state", "began"}};
    events.push_back(std::move(begun));
  }
  std::erase_if(since_, [&](const auto& each) { return !current.contains(each.first); });
  for (auto each = told_.begin(); each != told_.end();) {
    const Key& key = each->first;
    const bool lasts =
        current.contains(key) || now - gone_since_.try_emplace(key, now).first->second < patience_of(key.first).end;
    if (lasts) {
      ++each;
      continue;
    }
    Event over = event(key.first, "info", each->second);
    over.fields = {{std::string(field_of(key.first)), key.second}, {"state", "ended"}};
    events.push_back(std::move(over));
    gone_since_.erase(key);
    each = told_.erase(each);
    changed_ = true;
  }
}

void EventWatch::look_at_mismatches(std::vector<Event>& events) {
  const std::int64_t before = mismatches_until_us_;
  mismatches_until_us_ = std::max<std::int64_t>(before, 0);
  for (auto each = seen_->mismatches.rbegin(); each != seen_->mismatches.rend(); ++each) {
    const std::int64_t time = each->time.time_since_epoch().count();
    mismatches_until_us_ = std::max(mismatches_until_us_, time);
    if (before < 0 || time <= before) continue;
    const auto [told, first] = refused_.try_emplace(each->url, seen_->now);
    if (!first && seen_->now - told->second < kMismatchPause) continue;
    told->second = seen_->now;
    Event refused = event("integrity_mismatch", "error",
                          "A download was not what a catalogue publishes, and was not kept: " + plain(each->url) +
                              ": " + plain(each->why));
    refused.fields = {{"url", each->url},
                      {"product", plain(each->product)},
                      {"version", plain(each->version)},
                      {"why", plain(each->why)}};
    events.push_back(std::move(refused));
  }
  changed_ = changed_ || mismatches_until_us_ != before;
  std::erase_if(refused_, [&](const auto& each) { return seen_->now - each.second >= kMismatchPause; });
}

void EventWatch::look_at_releases(std::vector<Event>& events) {
  const auto before = versions_;
  for (const ListedRelease& release : *seen_->releases) {
    if (!versions_.contains(release.product) && versions_.size() >= kProductsWatched) continue;
    auto& channels = versions_[release.product];
    auto& versions = channels[release.channel];
    if (versions.size() >= kVersionsWatched || !versions.insert(release.version).second) continue;
    changed_ = true;
    const auto product = before.find(release.product);
    if (product == before.end()) continue;
    const auto channel = product->second.find(release.channel);
    if (channel == product->second.end() || !is_news(release.version, channel->second)) continue;
    const std::string named = release.marketing_version.empty() || release.marketing_version == release.version
                                  ? ""
                                  : " (" + plain(release.marketing_version) + ")";
    const std::string in = release.channel.empty() ? "" : " in " + plain(release.channel);
    Event seen = event("release_seen", "info",
                       "A catalogue lists " + plain(release.product) + " " + plain(release.version) + named + in + ".");
    seen.fields = {{"product", plain(release.product)},
                   {"version", plain(release.version)},
                   {"marketing_version", plain(release.marketing_version)},
                   {"channel", plain(release.channel)}};
    events.push_back(std::move(seen));
  }
}

void EventWatch::look_at_spread(std::vector<Event>& events) {
  const bool silent = spread_percent_ != seen_->spread_percent;
  changed_ = changed_ || silent;
  spread_percent_ = seen_->spread_percent;
  std::set<std::pair<std::string, std::string>> listed;
  for (const reports::SpreadRow& row : *seen_->spread) {
    const std::pair key{row.product, row.version};
    listed.insert(key);
    const bool reached = row.devices_of_product > 0 &&
                         row.devices_complete * 100 >= std::uint64_t{spread_percent_} * row.devices_of_product;
    if (row.version.empty() || !reached || !spread_.insert(key).second) continue;
    changed_ = true;
    if (silent) continue;
    const std::uint64_t percent = row.devices_complete * 100 / row.devices_of_product;
    Event spread = event("release_spread", "info",
                         plain(row.product) + " " + plain(row.version) + " is on " +
                             std::to_string(row.devices_complete) + " of " + std::to_string(row.devices_of_product) +
                             " devices that have fetched the product (" + std::to_string(percent) + " %).");
    spread.fields = {{"product", plain(row.product)},
                     {"version", plain(row.version)},
                     {"devices_complete", row.devices_complete},
                     {"devices_of_product", row.devices_of_product},
                     {"percent", percent}};
    events.push_back(std::move(spread));
  }
  if (std::erase_if(spread_, [&](const auto& key) { return !listed.contains(key); }) > 0) changed_ = true;
}

// {"format": 1, "releases": {product: {channel: [version]}}, "spread_percent": n, "spread": [[product, version]],
//  "conditions": [[event, about, ends]], "mismatches_until_us": n}
std::string EventWatch::memory() const {
  Json json{{"format", 1},       {"releases", versions_},       {"spread_percent", spread_percent_},
            {"spread", spread_}, {"conditions", Json::array()}, {"mismatches_until_us", mismatches_until_us_}};
  for (const auto& [key, ends] : told_) json["conditions"].push_back({key.first, key.second, ends});
  return dumped(json);
}

EventWatch::EventWatch(std::string_view memory) {
  const Json json = Json::parse(memory, nullptr, false);
  if (!json.is_object() || json.value("format", 0) != 1) return;
  try {
    EventWatch kept;
    json.at("releases").get_to(kept.versions_);
    json.at("spread_percent").get_to(kept.spread_percent_);
    json.at("spread").get_to(kept.spread_);
    json.at("mismatches_until_us").get_to(kept.mismatches_until_us_);
    for (const Json& each : json.at("conditions")) {
      kept.told_[{each.at(0).get<std::string>(), each.at(1).get<std::string>()}] = each.at(2).get<std::string>();
    }
    *this = std::move(kept);
  } catch (const Json::exception&) {
    return;  // an empty memory
  }
}

}  // namespace larder::admin
