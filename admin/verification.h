// SPDX-License-Identifier: MIT
// Verification: the check of the whole cache that was started last, kept so that it can be asked after.
// Thread-safe: the store reports on its own thread, clients ask on workers.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "admin/table.h"
#include "base/clock.h"
#include "base/result.h"
#include "cache/store.h"

namespace larder::admin {

class Verification : public std::enable_shared_from_this<Verification> {
 public:
  explicit Verification(const Clock& clock) : clock_(clock) {}

  // False when one runs already.
  bool start(cache::Store& store);

  // One row: state ("never", "running", "finished", "failed") and how far it has come.
  Table state() const;

 private:
  void take(const Result<cache::VerifyReport>& report);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::string_view state_ = "never";  // all guarded by mutex_
  cache::VerifyReport report_;
  std::string error_;
  WallTime started_;
  WallTime finished_;
};

}  // namespace larder::admin
