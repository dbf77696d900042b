// SPDX-License-Identifier: MIT
// MauPublisher: AutoUpdate's manifests as clients of the update cache see them. It fetches an application's files
// together (proxy/mau_check.h), lets the gate decide (updates/mau_gate.h), and publishes what passes as a generation:
// one set of files that replaces the one before at once. What it publishes it keeps (updates/mau_record.h, one file for
// each application and channel under storage.path/manifests), with every release ever seen.
//
// A client that asks is shown what the origin has now, if that may be seen; a client in the middle of a set gets the
// rest of that set. When the origin does not answer in time, what is published is good enough. What the site uses is
// looked at by and by (updates/mau_schedule.h).
// Threads: its own, `manifests`. Public functions may be called from any thread.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cache/reader.h"
#include "config/config.h"
#include "proxy/event_thread.h"
#include "proxy/fill_desk.h"
#include "proxy/mau_check.h"
#include "proxy/mau_state.h"
#include "updates/mau.h"
#include "updates/mau_gate.h"
#include "updates/mau_record.h"

namespace larder::proxy {

// One file of a generation, as an object that is whole and lies in memory.
struct MauPublishedFile {
  cache::ObjectPtr object;
  updates::MauBytes bytes;
};

// Immutable.
struct MauGeneration {
  std::uint64_t number = 0;
  std::map<std::string, MauPublishedFile, std::less<>> files;
};
using MauGenerationPtr = std::shared_ptr<const MauGeneration>;

struct MauAsk {
  const updates::MauChannel* channel = nullptr;  // of the built-in table
  std::string app_id;
  std::string file;
  std::string client;  // address and token: who gets the rest of a set
};

struct MauAnswer {
  enum class Kind {
    file,      // here it is
    absent,    // the channel has no such file
    withheld,  // the origin's files contradict each other, and there are none before them
    unknown    // not for the publisher to say: ask the origin for this file alone
  };
  Kind kind = Kind::unknown;
  MauPublishedFile file;
  bool confirmed = false;  // by the origin, just now
};

class MauPublisher {
 public:
  // Hands over a manifest that is published now, and its URL.
  using Teach = std::function<void(const updates::Url& url, updates::MauBytes document)>;

  // `directory` is made when it is missing.
  MauPublisher(cache::Store& store, const Clock& clock, EventThread& origin, FillDesk& fills,
               std::filesystem::path directory, config::UpdatesConfig config, Teach teach);
  ~MauPublisher();
  MauPublisher(const MauPublisher&) = delete;
  MauPublisher& operator=(const MauPublisher&) = delete;

  void start();  // what is kept is published again
  void stop();
  void apply(config::UpdatesConfig config);

  // `done` on `manifests`, within kPatience when there is something to show. The application counts as used.
  void ask(MauAsk ask, std::function<void(MauAnswer)> done);
  // A package of the application was asked for, or its manifest has passed through Larder by another way.
  void used(const updates::MauChannel& channel, const std::string& app_id);
  // Looks at the origin; `done` on `manifests`.
  void look(const updates::MauChannel& channel, const std::string& app_id, std::function<void()> done);

  std::vector<MauState> states();
  // What is kept, for another site.
  std::vector<updates::MauRecord> records();
  // What another site has kept. Releases are joined; its files are published where they are newer, or there are none.
  MauTakenIn take_in(std::vector<updates::MauRecord> records);

 private:
  struct Waiting {
    MauAsk ask;
    std::function<void(MauAnswer)> done;
    SteadyTime since;
  };
  struct App {
    const updates::MauChannel* channel = nullptr;
    updates::MauRecord record;
    updates::MauGate gate;
    std::unique_ptr<updates::MauFacts> facts;  // of what is published; null: nothing is
    MauGenerationPtr generation;
    std::unique_ptr<MauCheck> check;
    std::vector<Waiting> waiting;
    std::vector<std::function<void()>> lookers;
    SteadyTime next;          // when it is looked at of Larder's own accord
    SteadyTime absent_until;  // the channel has no such application
    WallTime saved;           // when the record was last written
    bool withheld = false;    // the last look found files that contradict each other
    std::string complaint;    // what was last said of it in the log
  };
  struct Session {
    MauGenerationPtr generation;
    std::set<std::string> given;
    SteadyTime since;
  };

  App& app_of(const updates::MauChannel& channel, const std::string& app_id);
  void ask_now(MauAsk ask, const std::function<void(MauAnswer)>& done);
  void begin_check(App& app);
  void checked(App& app, const MauFound& found);
  std::chrono::seconds holdoff_of(const App& app) const;
  void judge(App& app, const MauFound& found);
  void publish(App& app, const updates::MauFacts& facts, const updates::MauFiles& files);
  void adopt(App& app);
  void note_releases(App& app, const updates::MauFacts& facts);
  void answer_waiting(App& app, bool confirmed);
  MauAnswer answer(const App& app, const MauAsk& ask, const MauGeneration* generation, bool confirmed) const;
  void plan(App& app, bool soon);
  void tick();
  void complain(App& app, const std::string& what);
  void load();
  void save(App& app);
  std::filesystem::path place_of(const App& app) const;

  const Clock& clock_;
  EventThread& origin_;
  FillDesk& fills_;
  const std::filesystem::path directory_;
  config::UpdatesConfig config_;
  Teach teach_;
  EventThread thread_;
  std::unique_ptr<cache::Reader> reader_;
  std::map<std::string, std::unique_ptr<App>> apps_;  // by "Channel/AppID"
  std::map<std::string, Session> sessions_;           // by client and application
  std::minstd_rand random_{std::random_device{}()};
  Timer timer_;
  std::atomic<bool> running_{false};
};

}  // namespace larder::proxy
