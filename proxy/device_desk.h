// SPDX-License-Identifier: MIT
// DeviceDesk: what the ledger knows of whoever asks Larder's self-test. The ledger reads the disk and a loop must not,
// so the desk has a thread of its own, `devices`. Whose an address was last is read for all addresses at once and
// believed for two seconds: however many ask, the ledger is read no more often.
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "config/network.h"
#include "proxy/event_thread.h"
#include "reports/ledger.h"

namespace larder::proxy {

struct DeviceOnRecord {
  std::string id;
  reports::DeviceEvidence evidence = reports::DeviceEvidence::address;
  std::string name;     // of the inventory; "" none
  std::string address;  // it was last seen at
  WallTime last_seen;
};

class DeviceDesk {
 public:
  using Done = std::function<void(std::optional<DeviceOnRecord>)>;

  DeviceDesk(reports::Ledger& ledger, const Clock& clock) : ledger_(ledger), clock_(clock) {}

  void start() { thread_.start(); }
  void stop() { thread_.stop(); }

  // Any thread. The device of the token, or with "" the one last seen at the address; `done` is called on the desk's
  // thread, or before this returns, with nothing, when too many wait. After stop() it is not called.
  void ask(const config::Address& address, std::string token, Done done);

 private:
  std::optional<DeviceOnRecord> of_token(const std::string& token);
  std::optional<DeviceOnRecord> at_address(const config::Address& address);
  void read_all();

  reports::Ledger& ledger_;
  const Clock& clock_;
  std::atomic<std::size_t> waiting_{0};
  std::optional<SteadyTime> read_at_;  // the desk's thread alone, as is the next
  std::unordered_map<std::string, DeviceOnRecord> by_address_;
  EventThread thread_{"devices"};
};

}  // namespace larder::proxy
