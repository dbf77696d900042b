// SPDX-License-Identifier: MIT
#include "proxy/event_thread.h"

#include <catch2/catch.hpp>
#include <future>
#include <vector>

using larder::proxy::EventThread;
using larder::proxy::Timer;

TEST_CASE("what is posted runs on the thread, in order") {
  EventThread thread("test");
  std::vector<int> seen;
  thread.post([&] { seen.push_back(1); });
  thread.start();
  thread.post([&] { seen.push_back(2); });
  thread.run([&] {
    seen.push_back(3);
    CHECK(thread.here());
  });
  CHECK_FALSE(thread.here());
  CHECK(seen == std::vector<int>{1, 2, 3});
  thread.stop();
}

TEST_CASE("a task may post another") {
  EventThread thread("test");
  thread.start();
  std::promise<void> done;
  thread.post([&] { thread.post([&] { done.set_value(); }); });
  done.get_future().wait();
  thread.stop();
}

TEST_CASE("what is posted after the end is let go without running") {
  EventThread thread("test");
  thread.start();
  thread.stop();
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  bool ran = false;
  thread.post([&ran, kept = std::move(held)] { ran = *kept == 1; });
  CHECK(watched.expired());
  CHECK_FALSE(ran);
}

TEST_CASE("a timer fires once, and not when it was cancelled") {
  EventThread thread("test");
  std::promise<void> fired;
  int cancelled = 0;
  Timer first(thread.base(), [&] { fired.set_value(); });
  Timer second(thread.base(), [&] { ++cancelled; });
  thread.start();
  thread.run([&] {
    second.after(std::chrono::milliseconds(0));
    second.cancel();
    first.after(std::chrono::milliseconds(1));
  });
  fired.get_future().wait();
  thread.stop();
  CHECK(cancelled == 0);
}
