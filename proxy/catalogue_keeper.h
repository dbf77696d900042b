// SPDX-License-Identifier: MIT
// CatalogueKeeper: reads the catalogues that pass through the cache, and fetches those a request needs. What they teach
// (updates/knowledge.h) is handed to every loop.
// Threads: its own, `keeper`. All public functions may be called from any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cache/reader.h"
#include "proxy/event_thread.h"
#include "proxy/fill_desk.h"
#include "updates/knowledge.h"
#include "updates/mau.h"
#include "updates/mau_set.h"

namespace larder::proxy {

class MauPublisher;

class CatalogueKeeper {
 public:
  using Publish = std::function<void(std::shared_ptr<const updates::Knowledge>)>;

  // `directory`: config's updates.catalogues.
  CatalogueKeeper(cache::Store& store, const Clock& clock, EventThread& origin, FillDesk& fills,
                  std::filesystem::path directory, Publish publish);
  ~CatalogueKeeper();
  CatalogueKeeper(const CatalogueKeeper&) = delete;
  CatalogueKeeper& operator=(const CatalogueKeeper&) = delete;

  void start();  // reads the catalogues that are in the directory, and in the store, already
  void stop();

  // An object has become complete, or was found unchanged. Reads it if it is a catalogue not read yet.
  void learn(const cache::ObjectPtr& object);

  // A product of Apple's is asked for whose catalogue does not tell its version: fetches the files that do, once.
  void describe(const std::string& product_key);

  // Who publishes manifests: what of them passes by is for it to judge. Before start().
  void publish_manifests_by(MauPublisher& publisher) { manifests_ = &publisher; }
  // A manifest that is published: it teaches what clients may ask for.
  void learn_published(const updates::Url& url, updates::MauBytes document);

  // Looks at a channel's manifests at the origin; `done` on the keeper when all have been read or have failed.
  // Callers at the same time share one round, and a round just made is not repeated.
  void refresh(const updates::MauChannel& channel, std::function<void()> done);

 private:
  struct Round {
    std::size_t running = 0;
    SteadyTime ended{};
    bool ever = false;
    std::vector<std::function<void()>> waiting;
  };

  void learn_files();
  void learn_file(const std::filesystem::path& path);
  void learn_stored();
  void learn_now(const cache::ObjectPtr& object);
  bool is_the_publishers(const updates::Url& url);
  void take_in(const updates::Url& url, std::span<const std::byte> document);
  void know(const std::string& catalogue, Result<std::shared_ptr<const updates::Knowledge>> learned);
  void begin_round(const updates::MauChannel& channel, Round& round);
  void fetch_description(const std::string& key);
  void one_done(const std::string& channel);

  const Clock& clock_;
  EventThread& origin_;
  FillDesk& fills_;
  const std::filesystem::path directory_;
  Publish publish_;
  MauPublisher* manifests_ = nullptr;
  EventThread thread_;
  std::unique_ptr<cache::Reader> reader_;
  std::shared_ptr<const updates::Knowledge> knowledge_ = updates::Knowledge::empty();
  std::map<std::string, Round> rounds_;  // by channel
  std::set<std::string> descriptions_;   // asked for
};

}  // namespace larder::proxy
