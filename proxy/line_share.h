// SPDX-License-Identifier: MIT
// LineShare: the line to the Internet, when a rate is set for it ([rates] line), shared between all transfers from
// origins. A socket that has something to be read waits here for its turn instead of being read; what is not read, TCP
// slows at the origin. No transfer is paused or broken for it.
//
// Fair queueing by bytes: the flow (a fill, or a pass) that has had least of the line goes next, however many transfers
// it runs. A newcomer begins kHeadStart bytes behind the others: a manifest is through before the packages go on, and a
// new package has no more of it than that. Who was away for long has saved up nothing.
//
// The rate is kept on average over a second or so: what one read brings is paid for afterwards.
// Threads: belongs to `origin`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "config/rates.h"
#include "proxy/counters.h"
#include "proxy/event_thread.h"

namespace larder::proxy {

class LineShare {
 public:
  static constexpr std::uint64_t kHeadStart = 1024 * 1024;

  // What shares the line with others as one. Its transfers hold it.
  struct Flow {
    std::uint64_t had_bytes = 0;  // in the line's own count, in which nobody is far behind
  };
  using FlowPtr = std::shared_ptr<Flow>;

  // One socket's place in the queue. Belongs to whoever reads the socket; leaves the queue when it goes.
  class Turn {
   public:
    // `go` reads the socket; it may end this turn.
    Turn(LineShare& line, std::function<void()> go) : line_(line), go_(std::move(go)) {}
    ~Turn() { line_.forget(*this); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    void wait(FlowPtr flow);
    bool waiting() const { return flow_ != nullptr; }

   private:
    friend class LineShare;
    LineShare& line_;
    std::function<void()> go_;
    FlowPtr flow_;  // set while it waits
  };

  LineShare(event_base* base, const Clock& clock, Counters& counters);

  void limit(config::BytesPerSecond rate);  // 0: none; who waits goes at once
  bool limited() const { return rate_ != 0; }
  SteadyTime now() const { return clock_.steady(); }
  void spend(Flow& flow, std::uint64_t bytes);
  // Lets go whoever's turn has come. Its own timer calls it.
  void go_on();

  // The buffer one read may fill, and what the kernel may hold unread of one connection (0: what it likes): small on a
  // slow line, or the first to be read would have it for seconds.
  std::uint64_t read_bytes() const;
  std::uint64_t kernel_bytes() const;

 private:
  void enter(Turn& turn);
  void forget(Turn& turn);
  void refill();
  std::chrono::microseconds owed();  // until the line is free again

  const Clock& clock_;
  Counters& counters_;
  config::BytesPerSecond rate_ = 0;
  std::int64_t left_bytes_ = 0;  // of the rate; negative: owed
  SteadyTime refilled_;
  std::uint64_t least_had_ = 0;  // of the flow that went last: where newcomers begin
  std::vector<Turn*> waiting_;
  bool going_on_ = false;
  Timer later_;
};

}  // namespace larder::proxy
