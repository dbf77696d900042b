// SPDX-License-Identifier: MIT
// What nameservers call the addresses of clients: each is asked for its name (PTR), and the name for its addresses (A,
// AAAA), among which must be the client's; else it has none, since whoever has a part of the reverse tree can write any
// name there. Of several names the first in the answer counts.
//
// Names are good for as long as the answers say, within bounds; that there is none, ten minutes; a failure, one minute.
// Only clients that may use Larder are asked for, and no link-local addresses, of which nameservers know nothing.
// Threads: one of its own, `names`, which touches all that has no other note.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "proxy/event_thread.h"
#include "proxy/nameservers.h"
#include "reports/client_names.h"
#include "reports/identity.h"

namespace larder::proxy {

class ReverseNames final : public reports::ClientNames {
 public:
  ReverseNames(const config::Config& config, const Clock& clock);
  ~ReverseNames() override;

  void start(std::function<void()> told) override;
  void stop() override;
  void ask(std::vector<config::Address> clients) override;
  std::vector<reports::ClientName> take() override;
  // Takes over which clients may use Larder. Any thread.
  void apply(const config::Config& config);

  reports::NamesAsked asked() const;  // any thread

 private:
  struct Look;
  struct Known {
    bool asked = false;    // or waits for it
    SteadyTime expires{};  // of what is known, failure included
  };

  void consider(const config::Address& client);
  void begin_waiting();
  void begin(const config::Address& client);
  static void on_name(int result, char type, int count, int ttl, void* names, void* look) noexcept;
  static void on_addresses(int result, char type, int count, int ttl, void* addresses, void* look) noexcept;
  void ask_for_addresses(Look& look);
  void settle_without(Look& look, int result);
  void settle(const Look& look);
  void fail(const Look& look);
  void end(const Look& look, std::chrono::seconds life);

  const Clock& clock_;
  EventThread thread_{"names"};
  std::vector<config::Network> clients_;
  DnsBase dns_;
  std::unordered_map<config::Address, Known, reports::AddressHash> known_;
  std::deque<config::Address> waiting_;
  std::unordered_map<config::Address, std::unique_ptr<Look>, reports::AddressHash> looks_;  // being asked for
  std::function<void()> told_;

  std::atomic<std::uint64_t> begun_{0}, named_{0}, nameless_{0}, failed_{0};

  std::mutex mutex_;
  std::vector<reports::ClientName> answers_;  // guarded by mutex_
};

}  // namespace larder::proxy
