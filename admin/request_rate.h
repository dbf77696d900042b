// SPDX-License-Identifier: MIT
// RequestRate: how many requests one client may make of the administration. A bucket of kRateBurst for each address,
// refilled kRatePerSecond times a second, so that a script gone wild, or somebody who tries tokens, takes nothing from
// those who are served. Threads: the server's.
#pragma once

#include <cstddef>
#include <unordered_map>

#include "base/clock.h"
#include "config/network.h"

namespace larder::admin {

class RequestRate {
 public:
  // Takes one request from the client's bucket; false when it is empty.
  bool take(const config::Address& client, SteadyTime now);

  std::size_t clients() const { return buckets_.size(); }  // at most kRateClients

 private:
  struct Bucket {
    double left;
    SteadyTime filled;
  };
  struct Hash {
    std::size_t operator()(const config::Address& address) const;
  };

  void forget_idle(SteadyTime now);

  std::unordered_map<config::Address, Bucket, Hash> buckets_;
};

}  // namespace larder::admin
