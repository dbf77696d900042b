// SPDX-License-Identifier: MIT
#include "admin/request_rate.h"

#include <algorithm>
#include <chrono>
#include <string_view>

#include "admin/limits.h"

namespace larder::admin {
namespace {

double refilled(double left, SteadyTime since, SteadyTime now) {
  return std::min(kRateBurst, left + kRatePerSecond * std::chrono::duration<double>(now - since).count());
}

}  // namespace

bool RequestRate::take(const config::Address& client, SteadyTime now) {
  if (buckets_.size() >= kRateClients && buckets_.find(client) == buckets_.end()) forget_idle(now);
  Bucket& bucket = buckets_.try_emplace(client, Bucket{kRateBurst, now}).first->second;
  bucket.left = refilled(bucket.left, bucket.filled, now);
  bucket.filled = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

// A full bucket says no more than none. When nobody's is full, all begin anew: that is kinder than to refuse newcomers.
void RequestRate::forget_idle(SteadyTime now) {
  std::erase_if(buckets_,
                [&](const auto& entry) { return refilled(entry.second.left, entry.second.filled, now) >= kRateBurst; });
  if (buckets_.size() >= kRateClients) buckets_.clear();
}

std::size_t RequestRate::Hash::operator()(const config::Address& address) const {
  return std::hash<std::string_view>()(
      std::string_view(reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()));
}

}  // namespace larder::admin
