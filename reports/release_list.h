// SPDX-License-Identifier: MIT
// All releases by id, kept between reports: they are only ever added to, so reports read each from the environment
// once. Threads: any.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "reports/dictionary.h"

namespace larder::reports {

class ReleaseList {
 public:
  using Releases = std::vector<Release>;  // [0] is empty

  // Those the transaction knows, perhaps more.
  std::shared_ptr<const Releases> as_of(const Txn& txn);
  void forget();  // when the environment is another

 private:
  std::mutex mutex_;
  std::shared_ptr<const Releases> known_;
};

}  // namespace larder::reports
