// SPDX-License-Identifier: MIT
// Verifier: reads everything that is held back against its checks and digests, on a thread of its own so that no chunk
// waits for it. It changes nothing: what fails is reported to the store thread, which looks again and drops it.
// Threads: made and destroyed by `store`; its own thread, `verify`, reports through the store's inbox.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <thread>

#include "cache/store_environments.h"

namespace larder::cache {

class Verifier {
 public:
  explicit Verifier(std::shared_ptr<StoreEnvironments> environments);
  ~Verifier();  // stops it
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

 private:
  void run();
  Result<std::optional<ExtentId>> verify_after(ExtentId extent);
  void verify_extent(ExtentId extent, const ExtentRecord& record);
  bool verify_chunk(ExtentId extent, ChunkIndex chunk, const ExtentRecord& record, Sha256& hash);
  void tell(bool finished);

  std::shared_ptr<StoreEnvironments> environments_;
  VerifyReport report_;
  std::chrono::steady_clock::time_point told_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace larder::cache
