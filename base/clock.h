// SPDX-License-Identifier: MIT
// The seam to time, so that tests decide what time it is.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

namespace larder {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

// Thread-safe.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;       // for records, HTTP dates, freshness
  virtual SteadyTime steady() const = 0;  // for durations and deadlines
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override;
  SteadyTime steady() const override;
};

// Stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start) : now_us_(start.time_since_epoch().count()) {}
  WallTime now() const override { return WallTime(std::chrono::microseconds(now_us_.load())); }
  SteadyTime steady() const override { return SteadyTime(std::chrono::microseconds(now_us_.load())); }
  void advance(std::chrono::microseconds by) { now_us_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_us_;
};

std::string to_rfc3339(WallTime time);    // 2026-08-17T15:04:05Z
std::string to_http_date(WallTime time);  // Mon, 17 Aug 2026 15:04:05 GMT (RFC 9110 5.6.7)

}  // namespace larder
