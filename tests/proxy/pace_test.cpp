// SPDX-License-Identifier: MIT
#include "proxy/pace.h"

#include <catch2/catch.hpp>

using namespace larder;
using larder::proxy::Pace;
using std::chrono::milliseconds;

namespace {

const SteadyTime kStart{std::chrono::hours(1)};
constexpr std::uint64_t kRate = 1'000'000;  // bytes a second

// Takes all it may, in turns of 10 ms, and gives what it got.
std::uint64_t taken(Pace& pace, SteadyTime from, milliseconds span, std::uint64_t rate) {
  std::uint64_t bytes = 0;
  for (SteadyTime now = from; now < from + span; now += milliseconds(10)) {
    while (const std::uint64_t some = pace.allowed(now, rate)) {
      pace.spend(some, now, rate);
      bytes += some;
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("a client gets its rate and one burst, however often it asks") {
  Pace pace;
  const std::uint64_t bytes = taken(pace, kStart, milliseconds(10'000), kRate);
  CHECK(bytes >= 9'900'000);
  CHECK(bytes <= 10'200'000);
}

TEST_CASE("a client that was quiet may not save up more than a burst") {
  Pace pace;
  taken(pace, kStart, milliseconds(1000), kRate);
  const std::uint64_t later = taken(pace, kStart + std::chrono::hours(2), milliseconds(10), kRate);
  CHECK(later <= 200'001);
}

TEST_CASE("what was sent too much is paid back first") {
  Pace pace;
  pace.spend(3'000'000, kStart, kRate);
  CHECK(pace.allowed(kStart + milliseconds(2700), kRate) == 0);
  CHECK(pace.allowed(kStart + milliseconds(2900), kRate) > 0);
  CHECK_FALSE(pace.settled(kStart + milliseconds(2900)));
  CHECK(pace.settled(kStart + milliseconds(3000)));
}

TEST_CASE("a slow rate is given in pieces that are worth a packet, and is kept all the same") {
  Pace pace;
  const std::uint64_t bytes = taken(pace, kStart, milliseconds(10'000), 8000);
  CHECK(bytes >= 78'000);
  CHECK(bytes <= 82'000);
  Pace fast;
  fast.spend(200'000, kStart, kRate);
  CHECK(fast.allowed(kStart + milliseconds(10), kRate) == 0);  // 10,000 bytes are crumbs at this rate
  CHECK(fast.allowed(kStart + milliseconds(20), kRate) >= Pace::kLeastBytes);
}
