// SPDX-License-Identifier: MIT
// OriginProbe: asks origins for the head of one small thing each, all at once, in the very way fills do (addresses,
// connect_to, upstream proxy, authorities, the guard), and tells what came of it. For the doctor; what fails counts in
// the health of the origin as any failure does, and an origin that is left alone is asked all the same.
// Threads: probe() on any but the data path's own; it waits, at most as long as it is told. The rest is `origin`'s.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proxy/event_thread.h"
#include "proxy/origin_client.h"

namespace larder::proxy {

struct Probed {
  std::string url;
  int status = 0;                      // 0: no head came
  std::optional<Error> trouble;        // why none came
  std::optional<WallTime> their_time;  // by Date and Age of the answer
  WallTime our_time;                   // when it came
  std::chrono::milliseconds took{0};
};

class OriginProbe {
 public:
  OriginProbe(EventThread& thread, OriginClient& client, const Clock& clock);
  ~OriginProbe();
  OriginProbe(const OriginProbe&) = delete;
  OriginProbe& operator=(const OriginProbe&) = delete;

  // One of each URL, in their order. What has not answered when `patience` is over has timed out.
  std::vector<Probed> probe(const std::vector<std::string>& urls, std::chrono::milliseconds patience);
  void stop();  // on `origin`: ends those that run

 private:
  class Asked;
  struct Round;

  void begin(const std::shared_ptr<Round>& round);
  void forget(Asked* asked);

  EventThread& thread_;
  OriginClient& client_;
  const Clock& clock_;
  std::vector<std::unique_ptr<Asked>> asked_;
};

}  // namespace larder::proxy
