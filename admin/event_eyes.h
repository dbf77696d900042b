// SPDX-License-Identifier: MIT
// EventEyes: looks at what the status looks at, for EventWatch. What is dear to look at is looked at when it may have
// changed, and no more often than that it takes a twentieth of one core.
// Threads: one; waits for the ledger and for other threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "admin/event_watch.h"
#include "admin/sources.h"

namespace larder::admin {

class EventEyes {
 public:
  explicit EventEyes(const Sources& sources) : sources_(&sources) {}

  Sighting look(const config::Config& config);

 private:
  // When something that took so long may be done again.
  class Turn {
   public:
    bool due(SteadyTime now) const { return now >= next_; }
    void took(SteadyTime begin, SteadyTime end) { next_ = end + (end - begin) * 20; }

   private:
    SteadyTime next_{};
  };

  void look_at_releases(const std::vector<proxy::MauState>& manifests, Sighting& sighting);
  void look_at_spread(Sighting& sighting);

  const Sources* sources_;
  Turn releases_turn_;
  Turn spread_turn_;
  std::shared_ptr<const updates::Knowledge> knowledge_;  // looked at last
  std::size_t manifest_releases_ = 0;                    // then
  std::uint64_t fetches_ = 0;                            // on record when spread was looked at last
  std::uint32_t percent_ = 0;                            // then; 0: never
};

}  // namespace larder::admin
