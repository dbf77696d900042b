// SPDX-License-Identifier: MIT
#include "base/thread.h"

#include <pthread.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using larder::Inbox;

namespace {

std::chrono::steady_clock::time_point soon() {
  return std::chrono::steady_clock::now() + 30s;
}

}  // namespace

TEST_CASE("messages come out in the order they went in, at most as many as asked") {
  Inbox<int> inbox(10);
  for (int i = 0; i < 5; ++i) REQUIRE(inbox.try_push(int{i}));
  CHECK(inbox.take(soon(), 3) == std::vector<int>{0, 1, 2});
  CHECK(inbox.take(soon(), 3) == std::vector<int>{3, 4});
  CHECK(inbox.size() == 0);
}

TEST_CASE("a full inbox refuses a message and leaves it with its owner") {
  Inbox<std::unique_ptr<int>> inbox(1);
  REQUIRE(inbox.try_push(std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  CHECK_FALSE(inbox.try_push(std::move(second)));
  REQUIRE(second);
  CHECK(*second == 2);
}

TEST_CASE("a closed inbox takes nothing more and hands out what it has") {
  Inbox<int> inbox(4);
  REQUIRE(inbox.try_push(1));
  inbox.close();
  CHECK(inbox.closed());
  CHECK_FALSE(inbox.try_push(2));
  CHECK(inbox.take(soon(), 8) == std::vector<int>{1});
  CHECK(inbox.take(soon(), 8).empty());
}

TEST_CASE("waiting for a message ends at the deadline") {
  Inbox<int> inbox(1);
  CHECK(inbox.take(std::chrono::steady_clock::now(), 1).empty());
}

TEST_CASE("closing wakes the one who waits") {
  Inbox<int> inbox(1);
  std::thread closer([&] { inbox.close(); });
  CHECK(inbox.take(soon(), 1).empty());
  closer.join();
}

TEST_CASE("many producers lose nothing") {
  constexpr int kEach = 2000;
  Inbox<int> inbox(100'000);
  std::vector<std::thread> producers;
  for (int p = 0; p < 4; ++p) {
    producers.emplace_back([&] {
      for (int i = 1; i <= kEach; ++i) (void)inbox.try_push(int{i});
    });
  }
  long sum = 0;
  for (int taken = 0; taken < 4 * kEach;) {
    const auto batch = inbox.take(soon(), 64);
    REQUIRE_FALSE(batch.empty());
    taken += static_cast<int>(batch.size());
    for (const int value : batch) sum += value;
  }
  for (auto& producer : producers) producer.join();
  CHECK(sum == 4L * kEach * (kEach + 1) / 2);
}

TEST_CASE("a thread's name is cut to what the kernel keeps") {
  std::array<char, 16> name{};
  std::thread([&] {
    larder::name_this_thread("a-name-longer-than-fifteen");
    pthread_getname_np(pthread_self(), name.data(), name.size());
  }).join();
  CHECK(std::string(name.data()) == "a-name-longer-t");
}
