// SPDX-License-Identifier: MIT
// How many requests one client may make of the administration.
#include "admin/request_rate.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "admin/limits.h"

using namespace larder;
using namespace larder::admin;

namespace {

config::Address address(unsigned number) {
  config::Address made;
  made.bytes[14] = static_cast<std::uint8_t>(number >> 8U);
  made.bytes[15] = static_cast<std::uint8_t>(number);
  return made;
}

int taken(RequestRate& rate, const config::Address& client, SteadyTime now, int asked) {
  int good = 0;
  for (int i = 0; i < asked; ++i) good += rate.take(client, now) ? 1 : 0;
  return good;
}

}  // namespace

TEST_CASE("a client may make so many requests at once, and so many more each second") {
  RequestRate rate;
  const SteadyTime now{std::chrono::hours(1)};
  constexpr int kAsked = 5000;
  CHECK(taken(rate, address(1), now, kAsked) == static_cast<int>(kRateBurst));
  CHECK(taken(rate, address(1), now + std::chrono::seconds(1), kAsked) == static_cast<int>(kRatePerSecond));
  CHECK(taken(rate, address(1), now + std::chrono::hours(1), kAsked) == static_cast<int>(kRateBurst));
}

TEST_CASE("what one client asks too much is not held against another") {
  RequestRate rate;
  const SteadyTime now{std::chrono::hours(1)};
  taken(rate, address(1), now, 5000);
  CHECK_FALSE(rate.take(address(1), now));
  CHECK(rate.take(address(2), now));
}

TEST_CASE("clients that rest are forgotten before the table is too long") {
  RequestRate rate;
  SteadyTime now{std::chrono::hours(1)};
  taken(rate, address(1), now, 5000);
  for (unsigned i = 2; i < 5 * kRateClients; ++i) {
    now += std::chrono::milliseconds(10);
    CHECK(rate.take(address(i), now));
  }
  CHECK(rate.clients() <= kRateClients);
}
