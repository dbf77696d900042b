// SPDX-License-Identifier: MIT
// How each origin has done lately, so that one that is down is neither hammered nor waited for.
//
// A circuit: an origin that cannot be reached several times in a row is left alone (open), for a second at first and
// twice as long each time, half a minute at most; then one request is let through as a probe, and its outcome closes
// the circuit or opens it again. Any head of an answer, an error's too, says that the origin lives: what is wrong with
// one URL closes no host. A rest: an origin that asks for one (429 with Retry-After) gets it. A budget: five first
// requests earn one retry, so that retries never multiply the load of an origin in trouble.
//
// Threads: `origin`. Knows no transfers: it is told, and asked.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "proxy/counters.h"
#include "proxy/origin_limits.h"
#include "proxy/response_head.h"

namespace larder::proxy {

// For listings: an origin that is being left alone.
struct OriginAtRest {
  std::string origin;  // host:port
  std::string why;
  std::uint64_t failures = 0;  // in a row
  WallTime since;
  std::chrono::seconds next_try{0};  // from now; 0: a probe may go at once, or is under way
};

class OriginHealth {
 public:
  enum class Failure {
    unreachable,  // no address, no connection, no TLS, no answer in time
    speechless,   // it was reached, and broke off before the head of its answer
  };

  OriginHealth(const Clock& clock, Counters& counters) : clock_(clock), counters_(counters) {}

  // Whether a first request may go to `origin` ("host:port") now. Busy, with the reason and the time of the next try,
  // while it is left alone. The caller tells the outcome by answered() or failed().
  Status may_ask(const std::string& origin);

  // For how long it will be left alone yet, a second at least; 0: it is not. Changes nothing.
  std::chrono::seconds rest_left(const std::string& origin) const;
  bool left_alone(const std::string& origin) const { return rest_left(origin).count() > 0; }

  // Takes one retry from the origin's budget; false when it is spent.
  bool may_retry(const std::string& origin);

  void answered(const std::string& origin);
  void failed(const std::string& origin, Failure failure, const std::string& why);
  void rest(const std::string& origin, std::chrono::seconds span, const std::string& why);
  // A request that was let through ended without telling anything of the origin: its client left.
  void abandoned(const std::string& origin);

  std::vector<OriginAtRest> at_rest() const;

 private:
  struct Origin {
    int evidence = 0;  // that it is down
    std::uint64_t failures = 0;
    SteadyTime last_failure{};
    bool open = false;
    bool resting = false;  // by its own wish
    SteadyTime until{};    // left alone
    SteadyTime probe_until{};
    std::chrono::milliseconds span{0};
    WallTime since;
    std::string why;
    double retries = 0;
    std::uint64_t retried = 0;  // retries granted that have not asked leave yet
  };

  Origin& find(const std::string& origin);
  void open(const std::string& name, Origin& origin);

  const Clock& clock_;
  Counters& counters_;
  std::unordered_map<std::string, Origin> origins_;
};

// Retry-After of an answer (RFC 9110 10.2.3), seconds or a date, at most limits::kRetryAfterMost; nothing when there is
// none, or a malformed one.
std::optional<std::chrono::seconds> retry_after(const OriginAnswer& answer, WallTime now);

}  // namespace larder::proxy
