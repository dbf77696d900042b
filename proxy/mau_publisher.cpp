// SPDX-License-Identifier: MIT
#include "proxy/mau_publisher.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "base/text.h"
#include "updates/mau.h"
#include "updates/mau_place.h"
#include "updates/mau_schedule.h"

namespace larder::proxy {
namespace {

// A client waits so long for the origin when there is something to show in its place, and so long when there is not.
constexpr auto kPatience = std::chrono::seconds(3);
constexpr auto kLastPatience = std::chrono::seconds(25);
// A client gets the rest of a set for so long; AutoUpdate asks for all of it within seconds.
constexpr auto kSession = std::chrono::minutes(2);
constexpr std::size_t kSessions = 20'000;
// What a channel does not have is not asked for again at once.
constexpr auto kAbsentFor = std::chrono::seconds(5);
// Applications somebody has asked for that no channel has. Over it: they are forgotten.
constexpr std::size_t kApps = 2'000;
constexpr auto kUsedFor = std::chrono::days(30);
// After a look that found nothing to show, or something to be held.
constexpr auto kSoon = std::chrono::minutes(5);
constexpr auto kTickWaiting = std::chrono::milliseconds(250);
constexpr auto kTick = std::chrono::seconds(5);
constexpr auto kSaveUnchanged = std::chrono::hours(1);

std::string_view type_of(std::string_view name) {
  return name.ends_with(".cat") ? "application/vnd.ms-pki.seccat" : "application/xml";
}

MauPublishedFile as_object(const updates::MauChannel& channel, const updates::MauFile& file, WallTime confirmed) {
  auto object = std::make_shared<cache::Object>();
  object->url = updates::canonical(updates::mau_url(channel, file.name)).key;
  object->size_bytes = file.bytes->size();
  object->digest = Sha256::of(std::as_bytes(std::span(*file.bytes)));
  object->etag = "\"larder-" + object->digest->hex().substr(0, 32) + "\"";
  object->origin.last_modified = to_http_date(file.first_seen);
  object->fields = {{"Content-Type", std::string(type_of(file.name))}, {"Cache-Control", "no-cache"}};
  object->freshness.response_time = confirmed;
  object->stored_at = file.first_seen;
  return {std::move(object), file.bytes};
}

// Says which holdoffs are of no channel there is.
config::UpdatesConfig with_known_channels(config::UpdatesConfig config) {
  for (const config::Holdoff& each : config.holdoffs) {
    if (each.channel.empty() || updates::find_mau_channel(each.channel) != nullptr) continue;
    spdlog::warn("updates.holdoffs: AutoUpdate has no channel \"{}\"; the line for {} counts for none", each.channel,
                 each.application);
  }
  return config;
}

std::string key_of(const updates::MauChannel& channel, const std::string& app_id) {
  return std::string(channel.name) + "/" + app_id;
}

}  // namespace

MauPublisher::MauPublisher(cache::Store& store, const Clock& clock, EventThread& origin, FillDesk& fills,
                           std::filesystem::path directory, config::UpdatesConfig config, Teach teach)
    : clock_(clock),
      origin_(origin),
      fills_(fills),
      directory_(std::move(directory)),
      config_(with_known_channels(std::move(config))),
      teach_(std::move(teach)),
      thread_("manifests"),
      reader_(cache::Reader::make(store)),
      timer_(thread_.base(), [this] { tick(); }) {}

MauPublisher::~MauPublisher() {
  stop();
}

void MauPublisher::start() {
  thread_.post([this] {
    load();
    tick();
  });
  thread_.start();
  running_ = true;
}

void MauPublisher::stop() {
  if (!running_.exchange(false)) return;
  thread_.run([this] {
    for (const auto& [key, app] : apps_) {
      app->check.reset();
      app->waiting.clear();
      app->lookers.clear();
    }
  });
  thread_.stop();
}

void MauPublisher::apply(config::UpdatesConfig config) {
  thread_.post([this, config = std::move(config)]() mutable { config_ = with_known_channels(std::move(config)); });
}

// ---- who asks ----

MauPublisher::App& MauPublisher::app_of(const updates::MauChannel& channel, const std::string& app_id) {
  const std::string key = key_of(channel, app_id);
  if (const auto found = apps_.find(key); found != apps_.end()) return *found->second;
  if (apps_.size() >= kApps) {
    std::erase_if(apps_, [](const auto& entry) { return !entry.second->generation && !entry.second->check; });
  }
  auto app = std::make_unique<App>();
  app->channel = &channel;
  app->record.channel = channel.name;
  app->record.app_id = app_id;
  return *apps_.emplace(key, std::move(app)).first->second;
}

void MauPublisher::ask(MauAsk ask, std::function<void(MauAnswer)> done) {
  thread_.post([this, ask = std::move(ask), done = std::move(done)] { ask_now(ask, done); });
}

void MauPublisher::ask_now(MauAsk ask, const std::function<void(MauAnswer)>& done) {
  App& app = app_of(*ask.channel, ask.app_id);
  const SteadyTime now = clock_.steady();
  app.record.asked = clock_.now();
  const auto session = sessions_.find(ask.client + " " + key_of(*ask.channel, ask.app_id));
  if (session != sessions_.end() && now - session->second.since < kSession &&
      session->second.given.insert(ask.file).second) {
    const MauGeneration& same = *session->second.generation;
    if (same.files.contains(ask.file) || updates::mau_collateral_version(ask.file).empty()) {
      done(answer(app, ask, &same, true));
      return;
    }
  }
  const bool versioned = !updates::mau_collateral_version(ask.file).empty();
  if (versioned && app.generation && !app.generation->files.contains(ask.file)) {
    done({});
    return;
  }
  if (!app.generation && now < app.absent_until) {
    done({MauAnswer::Kind::absent, {}, false});
    return;
  }
  app.waiting.push_back({std::move(ask), done, now});
  timer_.after(kTickWaiting);
  begin_check(app);
}

void MauPublisher::used(const updates::MauChannel& channel, const std::string& app_id) {
  thread_.post([this, &channel, app_id] {
    App& app = app_of(channel, app_id);
    app.record.asked = clock_.now();
    if (!app.generation && clock_.steady() >= app.absent_until) begin_check(app);
  });
}

void MauPublisher::look(const updates::MauChannel& channel, const std::string& app_id, std::function<void()> done) {
  thread_.post([this, &channel, app_id, done = std::move(done)]() mutable {
    App& app = app_of(channel, app_id);
    app.lookers.push_back(std::move(done));
    begin_check(app);
  });
}

MauAnswer MauPublisher::answer(const App& app, const MauAsk& ask, const MauGeneration* generation,
                               bool confirmed) const {
  if (generation == nullptr) {
    return {app.withheld ? MauAnswer::Kind::withheld : MauAnswer::Kind::unknown, {}, false};
  }
  const auto found = generation->files.find(ask.file);
  if (found != generation->files.end()) return {MauAnswer::Kind::file, found->second, confirmed};
  const bool versioned = !updates::mau_collateral_version(ask.file).empty();
  return {versioned ? MauAnswer::Kind::unknown : MauAnswer::Kind::absent, {}, confirmed};
}

void MauPublisher::answer_waiting(App& app, bool confirmed) {
  const SteadyTime now = clock_.steady();
  for (Waiting& waiting : std::exchange(app.waiting, {})) {
    if (app.generation) {
      if (sessions_.size() >= kSessions) sessions_.clear();
      Session& session = sessions_[waiting.ask.client + " " + key_of(*app.channel, app.record.app_id)];
      if (session.since != now) session = {app.generation, {}, now};  // else it asks for several files at once
      session.given.insert(waiting.ask.file);
    }
    MauAnswer given = answer(app, waiting.ask, app.generation.get(), confirmed);
    if (!app.generation && now < app.absent_until) given.kind = MauAnswer::Kind::absent;
    waiting.done(std::move(given));
  }
}

// ---- the origin ----

void MauPublisher::begin_check(App& app) {
  if (app.check) return;
  const MauCheck::Parts parts{thread_, origin_, fills_, *reader_};
  app.check = std::make_unique<MauCheck>(parts, *app.channel, app.record.app_id, app.record.by_name(),
                                         [this, &app](const MauFound& found) { checked(app, found); });
  app.check->begin();
}

void MauPublisher::checked(App& app, const MauFound& found) {
  const std::unique_ptr<MauCheck> ended = std::move(app.check);
  const updates::MauNames names(app.record.app_id);
  bool good = false;
  if (!found.failure.empty()) {
    complain(app, found.failure);
  } else if (!found.files.contains(names.manifest)) {
    app.absent_until = clock_.steady() + kAbsentFor;
    if (app.generation) complain(app, "the channel has it no longer; what it had stays");
  } else {
    judge(app, found);
    good = !app.withheld;
  }
  plan(app, !good && (app.generation || app.withheld));
  answer_waiting(app, found.failure.empty());
  for (const auto& done : std::exchange(app.lookers, {})) done();
}

std::chrono::seconds MauPublisher::holdoff_of(const App& app) const {
  const auto found = std::ranges::find_if(config_.holdoffs, [&](const config::Holdoff& each) {
    const bool here = each.channel.empty() || updates::find_mau_channel(each.channel) == app.channel;
    return here && to_lower(each.application) == to_lower(app.record.app_id);
  });
  return found == config_.holdoffs.end() ? config_.holdoff : found->lasting;
}

void MauPublisher::judge(App& app, const MauFound& found) {
  const WallTime now = clock_.now();
  auto facts = updates::examine_mau_set(app.record.app_id, found.files, app.facts.get());
  if (!facts) {
    app.withheld = true;
    complain(app, facts.error().message);
    return;
  }
  const bool stood = app.gate.candidate().standing();
  const auto verdict = app.gate.judge(*facts, app.facts.get(), now, holdoff_of(app));
  app.withheld = verdict == updates::MauVerdict::hold;
  app.record.confirmed = now;
  app.record.candidate = app.gate.candidate();
  app.record.withdrawn = app.gate.withdrawn();
  if (verdict == updates::MauVerdict::publish) {
    publish(app, *facts, found.files);
    return;
  }
  if (app.withheld) complain(app, "held: " + app.gate.candidate().why);
  if (verdict == updates::MauVerdict::unchanged) app.complaint.clear();
  if (stood != app.gate.candidate().standing() || now - app.saved > kSaveUnchanged) save(app);
}

void MauPublisher::publish(App& app, const updates::MauFacts& facts, const updates::MauFiles& files) {
  const WallTime now = clock_.now();
  const std::string before = app.facts ? app.facts->version : std::string{};
  updates::MauRecord& record = app.record;
  std::vector<updates::MauFile> next;
  for (const auto& [name, bytes] : files) {
    const updates::MauFile* held = record.find(name);
    const bool same = held != nullptr && *held->bytes == *bytes;
    next.push_back({name, bytes, same ? held->first_seen : now});
  }
  // Versions that devices may defer to stay for as long as they may (90 days), and a month.
  constexpr auto kVersionsKept = std::chrono::days(120);
  for (const updates::MauFile& file : record.files) {
    const bool kept = !updates::mau_collateral_version(file.name).empty() && !files.contains(file.name) &&
                      now - file.first_seen < kVersionsKept && next.size() < updates::kFilesOfARecord;
    if (kept) next.push_back(file);
  }
  record.files = std::move(next);
  record.published = now;
  ++record.number;
  note_releases(app, facts);
  app.facts = std::make_unique<updates::MauFacts>(facts);
  app.complaint.clear();
  adopt(app);
  spdlog::info("{} of {}: generation {} is published, {}{}", record.app_id, record.channel, record.number,
               facts.version.empty() ? "without a version" : facts.version,
               before.empty() || before == facts.version ? std::string{} : " after " + before);
  save(app);
}

// The record's files are what clients see from now on, and what teaches.
void MauPublisher::adopt(App& app) {
  auto generation = std::make_shared<MauGeneration>();
  generation->number = app.record.number;
  const updates::MauNames names(app.record.app_id);
  const auto is_manifest = [](const std::string& name) {
    return name.ends_with(".xml") && !name.ends_with("-chk.xml") && !name.ends_with("-history.xml");
  };
  for (const updates::MauFile& file : app.record.files) {
    generation->files.emplace(file.name, as_object(*app.channel, file, app.record.confirmed));
    if (!is_manifest(file.name) || file.name == names.manifest) continue;
    teach_(updates::mau_url(*app.channel, file.name), file.bytes);
  }
  if (const auto* manifest = app.record.find(names.manifest)) {
    teach_(updates::mau_url(*app.channel, names.manifest), manifest->bytes);
  }
  app.generation = std::move(generation);
}

void MauPublisher::note_releases(App& app, const updates::MauFacts& facts) {
  std::vector<updates::MauRelease>& releases = app.record.releases;
  for (auto offer = facts.offers.rbegin(); offer != facts.offers.rend(); ++offer) {
    if (offer->version.empty()) continue;
    const auto known = std::find_if(releases.begin(), releases.end(),
                                    [&](const auto& release) { return release.version == offer->version; });
    if (known != releases.end()) {
      known->title = offer->title.empty() ? known->title : offer->title;
      known->url = offer->url.empty() ? known->url : offer->url;
    } else {
      releases.push_back({offer->version, offer->title, offer->url, clock_.now()});
    }
  }
  if (releases.size() > updates::kReleasesKept) {
    releases.erase(releases.begin(), releases.end() - static_cast<std::ptrdiff_t>(updates::kReleasesKept));
  }
}

// ---- by and by ----

void MauPublisher::plan(App& app, bool soon) {
  const double luck = std::uniform_real_distribution<double>(0, 1)(random_);
  std::chrono::microseconds after = updates::mau_look_after(clock_.now(), luck);
  if (soon) after = std::min<std::chrono::microseconds>(after, kSoon);
  if (app.gate.candidate().standing()) {
    const auto left = app.gate.proven_at(holdoff_of(app)) - clock_.now();
    after = std::clamp<std::chrono::microseconds>(left, std::chrono::seconds(1), after);
  }
  app.next = clock_.steady() + after;
}

void MauPublisher::tick() {
  const SteadyTime now = clock_.steady();
  const WallTime wall = clock_.now();
  bool waiting = false;
  for (const auto& [key, app] : apps_) {
    if (!app->waiting.empty()) {
      const auto patience = app->generation ? kPatience : kLastPatience;
      if (now - app->waiting.front().since >= patience) answer_waiting(*app, false);
      waiting = waiting || !app->waiting.empty();
    }
    const bool used = wall - app->record.asked < kUsedFor;
    if (used && !app->check && now >= app->next && now >= app->absent_until) begin_check(*app);
  }
  std::erase_if(sessions_, [&](const auto& entry) { return now - entry.second.since > kSession; });
  timer_.after(waiting ? std::chrono::microseconds(kTickWaiting) : std::chrono::microseconds(kTick));
}

// Once for each reason.
void MauPublisher::complain(App& app, const std::string& what) {
  if (app.complaint == what) return;
  app.complaint = what;
  spdlog::warn("{} of {}: {}", app.record.app_id, app.record.channel, what);
}

std::vector<MauState> MauPublisher::states() {
  std::vector<MauState> states;
  if (!running_) return states;
  thread_.run([&] {
    for (const auto& [key, app] : apps_) {
      const updates::MauRecord& record = app->record;
      if (!app->generation && !app->withheld) continue;
      MauState state;
      state.channel = record.channel;
      state.app_id = record.app_id;
      state.product = updates::mau_product_name(record.app_id);
      state.version = app->facts ? app->facts->version : std::string{};
      state.generation = record.number;
      state.published = record.published;
      state.confirmed = record.confirmed;
      state.asked = record.asked;
      if (const auto& held = app->gate.candidate(); held.standing()) {
        state.held = held.why;
        state.held_version = held.version;
        state.held_since = held.first_seen;
      }
      state.releases = record.releases;
      states.push_back(std::move(state));
    }
  });
  return states;
}

}  // namespace larder::proxy
