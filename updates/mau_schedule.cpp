// SPDX-License-Identifier: MIT
#include "updates/mau_schedule.h"

#include <algorithm>

namespace larder::updates {
namespace {

using std::chrono::seconds;

constexpr seconds kOften{450};
constexpr seconds kSeldom{3600};
constexpr std::chrono::hours kFrom{15};
constexpr std::chrono::hours kUntil{19};

std::chrono::sys_days day_of(WallTime now) {
  return std::chrono::floor<std::chrono::days>(now);
}

// The next Tuesday's 15:00, `now` itself when it is then or later that day.
WallTime next_release_time(WallTime now) {
  const auto day = day_of(now);
  const auto days = (std::chrono::Tuesday - std::chrono::weekday(day)).count();
  const WallTime start = day + std::chrono::days(days) + kFrom;
  return start < now ? start + std::chrono::weeks(1) : start;
}

seconds jittered(seconds span, double luck) {
  const double share = std::clamp(luck, 0.0, 1.0) * 2.0 / 3.0 + 2.0 / 3.0;
  return seconds(static_cast<seconds::rep>(static_cast<double>(span.count()) * share));
}

}  // namespace

bool is_mau_release_time(WallTime now) {
  const auto day = day_of(now);
  const auto time = now - day;
  return std::chrono::weekday(day) == std::chrono::Tuesday && time >= kFrom && time < kUntil;
}

seconds mau_look_after(WallTime now, double luck) {
  if (is_mau_release_time(now)) return jittered(kOften, luck);
  const seconds seldom = jittered(kSeldom, luck);
  const WallTime start = next_release_time(now);
  if (now + seldom <= start) return seldom;
  return std::chrono::ceil<seconds>(start - now) + jittered(kOften, luck) - kOften * 2 / 3;
}

}  // namespace larder::updates
