// SPDX-License-Identifier: MIT
// BodyShare: what one request body takes of the memory that all bodies together may have (limits::kRequestBodiesBytes).
// Bodies are held whole until their answer is written. Threads: one connection's; the total is everybody's.
#pragma once

#include <cstdint>

#include "base/limits.h"
#include "proxy/counters.h"

namespace larder::proxy {

class BodyShare {
 public:
  explicit BodyShare(Count& total) : total_(total) {}
  ~BodyShare() { give_back(); }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  // False: the bodies of all are over the limit; answer 503.
  bool grow_to(std::uint64_t bytes) {
    if (bytes > bytes_) add(total_, bytes - bytes_);
    bytes_ = bytes > bytes_ ? bytes : bytes_;
    return total_.value() <= limits::kRequestBodiesBytes;
  }

  void give_back() {
    if (bytes_ > 0) take(total_, bytes_);
    bytes_ = 0;
  }

 private:
  Count& total_;
  std::uint64_t bytes_ = 0;
};

}  // namespace larder::proxy
