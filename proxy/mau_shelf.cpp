// SPDX-License-Identifier: MIT
// What the publisher keeps on disk, and what it exchanges with other sites.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>

#include "base/sync_path.h"
#include "proxy/mau_publisher.h"
#include "updates/recognise.h"

namespace larder::proxy {
namespace {

constexpr std::string_view kEnding = ".generation";
// The largest kept. Manifests are some 100 KiB, and a year of versioned ones fifty times that. Over it: not read.
constexpr std::uintmax_t kRecordBytes = 256ULL << 20U;

std::string read_whole(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::filesystem::path MauPublisher::place_of(const App& app) const {
  return directory_ / (app.record.channel + "-" + app.record.app_id + std::string(kEnding));
}

// A record that cannot be read is set aside: the origin has what is current, and the releases seen are lost.
void MauPublisher::load() {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() != kEnding || entry.file_size(error) > kRecordBytes) continue;
    auto record = updates::read_mau_record(read_whole(path));
    const auto* channel = record ? updates::find_mau_channel(record->channel) : nullptr;
    if (channel == nullptr) {
      spdlog::warn("{}: {}; it is set aside, and what the origin has is fetched anew", path.string(),
                   record ? "its channel is not known" : record.error().message);
      std::filesystem::rename(path, path.string() + ".broken", error);
      continue;
    }
    App& app = app_of(*channel, record->app_id);
    app.record = *std::move(record);
    app.saved = clock_.now();
    app.gate.restore(app.record.candidate, app.record.withdrawn);
    if (app.record.files.empty()) continue;
    auto facts = updates::examine_mau_set(app.record.app_id, app.record.by_name(), nullptr);
    if (!facts) continue;
    app.facts = std::make_unique<updates::MauFacts>(*std::move(facts));
    adopt(app);
  }
  if (error) spdlog::warn("reading the manifests kept in {}: {}", directory_.string(), error.message());
}

// Written beside and renamed: a power cut leaves the one or the other.
void MauPublisher::save(App& app) {
  app.saved = clock_.now();
  const std::filesystem::path place = place_of(app);
  const std::filesystem::path beside = place.string() + ".new";
  std::ofstream out(beside, std::ios::binary | std::ios::trunc);
  out << updates::write_mau_record(app.record);
  out.close();
  std::error_code error;
  if (out) {
    sync_path(beside);
    std::filesystem::rename(beside, place, error);
    sync_path(directory_);
  }
  if (out && !error) return;
  spdlog::warn("keeping the manifests of {} of {} in {} failed; they are served all the same, until the next start",
               app.record.app_id, app.record.channel, place.string());
}

std::vector<updates::MauRecord> MauPublisher::records() {
  std::vector<updates::MauRecord> all;
  if (!running_) return all;
  thread_.run([&] {
    for (const auto& [key, app] : apps_) {
      if (app->generation) all.push_back(app->record);
    }
  });
  return all;
}

MauTakenIn MauPublisher::take_in(std::vector<updates::MauRecord> records) {
  MauTakenIn taken;
  if (!running_) return taken;
  thread_.run([&] {
    for (updates::MauRecord& record : records) {
      const auto* channel = updates::find_mau_channel(record.channel);
      if (channel == nullptr) continue;
      App& app = app_of(*channel, record.app_id);
      ++taken.joined;
      for (updates::MauRelease& release : record.releases) {
        auto& ours = app.record.releases;
        const auto known =
            std::find_if(ours.begin(), ours.end(), [&](const auto& other) { return other.version == release.version; });
        if (known == ours.end()) {
          ours.push_back(std::move(release));
        } else {
          known->first_seen = std::min(known->first_seen, release.first_seen);
        }
      }
      std::stable_sort(app.record.releases.begin(), app.record.releases.end(),
                       [](const auto& a, const auto& b) { return a.first_seen < b.first_seen; });
      auto facts = updates::examine_mau_set(record.app_id, record.by_name(), nullptr);
      const bool newer = facts && (!app.facts || updates::compare_versions(facts->version, app.facts->version) > 0);
      if (newer) {
        app.record.confirmed = record.confirmed;
        publish(app, *facts, record.by_name());
        ++taken.published;
      } else {
        save(app);
      }
    }
  });
  return taken;
}

}  // namespace larder::proxy
