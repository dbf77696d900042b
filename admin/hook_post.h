// SPDX-License-Identifier: MIT
// One POST to a webhook. Only the URL that is handed in is ever called: redirects are not followed, other schemes than
// http and https are refused, and an https server must show a certificate of its name that an authority vouches for.
// Through the proxy, where one is named, but for private addresses and names without a dot, which are the site's own.
// Threads: waits for the network, kHookPatience at most; any.
#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "admin/event.h"
#include "base/clock.h"
#include "config/config.h"

namespace larder::admin {

// For a whole call.
inline constexpr std::chrono::seconds kHookPatience{20};

struct HookCall {
  config::Webhook hook;
  std::string proxy;              // origins.proxy
  std::filesystem::path ca_file;  // origins.ca_file; empty: the system's
  Event event;
};

struct HookOutcome {
  enum class Kind {
    delivered,  // 2xx
    refused,    // 4xx but 408 and 429: it will never be taken
    failed,     // anything else: later may work
  };
  Kind kind = Kind::failed;
  long status = 0;  // 0: there was no answer
  std::string why;  // fit to be shown; holds nothing of the URL but its host
  std::optional<std::chrono::seconds> retry_after;
};

// Ends early, as failed, when `stop` becomes true.
HookOutcome post_to_hook(const HookCall& call, WallTime now, const std::atomic<bool>& stop);

// What an answer with this status means.
HookOutcome::Kind meaning_of(long status);

// Whether the way to a URL leads through a proxy that is named.
bool through_proxy(const std::string& url);

}  // namespace larder::admin
