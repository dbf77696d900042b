// SPDX-License-Identifier: MIT
// PassDesk: requests that are passed through without the cache. Each has an origin connection of its own, read no
// faster than its client takes the bytes. Threads: belongs to `origin`. What it posts to a loop goes to the loop's
// PassInbox.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "proxy/counters.h"
#include "proxy/fill_mirror.h"
#include "proxy/origin_client.h"

namespace larder::proxy {

// Hears of one pass, on the loop that began it.
class PassListener {
 public:
  PassListener() = default;
  PassListener(const PassListener&) = delete;
  PassListener& operator=(const PassListener&) = delete;
  virtual ~PassListener() = default;
  virtual void on_pass_interim(const OriginAnswer& answer) = 0;
  virtual void on_pass_head(const OriginAnswer& answer) = 0;
  virtual void on_pass_body(std::string bytes) = 0;
  virtual void on_pass_end(const Status& status) = 0;
};

// The passes of one loop. Belongs to the loop.
class PassInbox {
 public:
  void expect(ReaderId reader, PassListener& listener) { listeners_[reader] = &listener; }
  void forget(ReaderId reader) { listeners_.erase(reader); }
  PassListener* find(ReaderId reader) const {
    const auto found = listeners_.find(reader);
    return found == listeners_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<ReaderId, PassListener*> listeners_;
};

class PassDesk {
 public:
  PassDesk(EventThread& thread, OriginClient& client, Counters& counters);
  ~PassDesk();
  PassDesk(const PassDesk&) = delete;
  PassDesk& operator=(const PassDesk&) = delete;

  void start(ReaderId reader, EventThread& loop, PassInbox& inbox, TransferSpec spec);
  // The client has taken so many bytes of the body.
  void taken(ReaderId reader, std::size_t bytes);
  void cancel(ReaderId reader);
  void stop();

 private:
  class Pass;
  EventThread& thread_;
  OriginClient& client_;
  Counters& counters_;
  std::unordered_map<ReaderId, std::unique_ptr<Pass>> passes_;
};

}  // namespace larder::proxy
