// SPDX-License-Identifier: MIT
// Webhooks: tells whom the configuration names of what happens. Two threads: `events` looks each two seconds at what
// the status looks at and puts events into each webhook's queue; `hooks` sends them, one webhook after the other, each
// in order. Nothing else of Larder waits for either.
//
// At least once: an event leaves its queue when the receiver has said 2xx. Before it enters the queues it stands, with
// what was learnt of it, in one file (docs/formats.md), so that a crash at any point neither loses it nor gives it
// another id.
//
// Threads: all public functions from any; test() waits for the network.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "admin/hook_post.h"
#include "admin/sources.h"
#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"

namespace larder::admin {

struct HookState {
  std::size_t number = 0;  // in the configuration, from 1
  std::string url;         // masked
  std::string format;
  bool is_signed = false;
  std::vector<std::string> events;
  std::size_t queued = 0;
  std::uint64_t delivered = 0, dropped = 0, given_up = 0;  // since the start
  WallTime last_success, last_failure, failing_since;      // the epoch: never since the start
  std::string why;                                         // of the last failure
  bool in_trouble = false;
};

struct HookTest {
  std::size_t number = 0;
  std::string url;  // masked
  HookOutcome outcome;
};

class Webhooks {
 public:
  // `sources` are copied; what they refer to outlives this.
  static std::unique_ptr<Webhooks> start(const Sources& sources, std::shared_ptr<const config::Config> config);
  virtual ~Webhooks() = default;
  Webhooks() = default;
  Webhooks(const Webhooks&) = delete;
  Webhooks& operator=(const Webhooks&) = delete;

  // After a reload. What waits for a URL that is no longer named is dropped.
  virtual void apply(std::shared_ptr<const config::Config> config) = 0;

  virtual std::vector<HookState> states() const = 0;

  // Sends a test event past the queues, whatever events a webhook wants. `which`: a number, a URL as configured or as
  // shown; empty: all. not_found when there is none.
  virtual Result<std::vector<HookTest>> test(const std::string& which) = 0;
};

}  // namespace larder::admin
