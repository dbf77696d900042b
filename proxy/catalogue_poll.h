// SPDX-License-Identifier: MIT
// CataloguePoll: fetches the catalogues that the configuration names (updates.poll), once an hour each, if they have
// changed. What they teach is the keeper's.
// Threads: belongs to `origin`, but for its constructor.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "proxy/event_thread.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {

class CataloguePoll {
 public:
  // `urls`: those that name no catalogue, or lie on no host that may be asked, are said to be so and left out.
  CataloguePoll(EventThread& origin, FillDesk& fills, const OriginTable& origins, const std::vector<std::string>& urls);

  void start();

 private:
  struct Polled {
    FillOrder order;
    SteadyTime next;
    bool running = false;
  };

  void look();
  void ask(Polled& polled);
  void asked(Polled& polled, const Status& status);
  std::chrono::milliseconds about(std::chrono::minutes time);

  FillDesk& fills_;
  std::vector<Polled> polled_;
  std::minstd_rand random_{std::random_device{}()};
  Timer timer_;
};

}  // namespace larder::proxy
