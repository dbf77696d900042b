// SPDX-License-Identifier: MIT
#include "proxy/line_share.h"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

using namespace larder;
using namespace larder::proxy;
using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t kRate = 1'000'000;

// The line and a clock that stands still. time() does what the line's own timer would.
struct Line {
  ManualClock clock{WallTime{std::chrono::hours(1)}};
  EventBase base{event_base_new()};
  Counters counters;
  LineShare share{base.get(), clock, counters};

  void time(milliseconds span) {
    clock.advance(span);
    share.go_on();
  }
};

// A transfer that always has more to be read.
struct Greedy {
  Greedy(Line& of, LineShare::FlowPtr flow_in, std::uint64_t read_bytes)
      : line(of), flow(std::move(flow_in)), turn(of.share, [this, read_bytes] {
          got += read_bytes;
          line.share.spend(*flow, read_bytes);
          again = true;
        }) {
    turn.wait(flow);
  }
  void ready() {
    if (std::exchange(again, false)) turn.wait(flow);
  }
  Line& line;
  LineShare::FlowPtr flow;
  std::uint64_t got = 0;
  bool again = false;
  LineShare::Turn turn;
};

LineShare::FlowPtr new_flow() {
  return std::make_shared<LineShare::Flow>();
}

}  // namespace

TEST_CASE("a line without a rate lets everybody through at once") {
  Line line;
  int gone = 0;
  LineShare::Turn turn(line.share, [&] { ++gone; });
  turn.wait(new_flow());
  CHECK(gone == 1);
  CHECK_FALSE(turn.waiting());
}

TEST_CASE("a line keeps its rate, and flows share it however many transfers they run") {
  Line line;
  line.share.limit(kRate);
  auto many = new_flow();
  auto one = new_flow();
  std::vector<std::unique_ptr<Greedy>> all;
  for (int i = 0; i < 9; ++i) all.push_back(std::make_unique<Greedy>(line, many, 20'000));
  all.push_back(std::make_unique<Greedy>(line, one, 20'000));
  for (int ms = 0; ms < 20'000; ms += 5) {
    line.time(milliseconds(5));
    for (auto& transfer : all) transfer->ready();
  }
  std::uint64_t of_many = 0;
  for (int i = 0; i < 9; ++i) of_many += all[static_cast<std::size_t>(i)]->got;
  const std::uint64_t of_one = all.back()->got;
  CHECK(of_many + of_one >= 19'500'000);
  CHECK(of_many + of_one <= 20'300'000);
  CHECK(of_one >= 9'500'000);
  CHECK(line.counters.line_waits.value() > 0);
}

TEST_CASE("a small object goes before a package that has had the line for long") {
  Line line;
  line.share.limit(kRate);
  Greedy package(line, new_flow(), 50'000);
  for (int ms = 0; ms < 60'000; ms += 5) {
    line.time(milliseconds(5));
    package.ready();
  }
  const std::uint64_t before = package.got;
  Greedy manifest(line, new_flow(), 10'000);
  for (int ms = 0; ms < 500; ms += 5) {
    line.time(milliseconds(5));
    package.ready();
    manifest.ready();
  }
  CHECK(manifest.got >= 300'000);
  CHECK(package.got - before <= 150'000);
}

TEST_CASE("a newcomer does not keep the others from the line for longer than its head start") {
  Line line;
  line.share.limit(kRate);
  Greedy old(line, new_flow(), 50'000);
  for (int ms = 0; ms < 60'000; ms += 5) {
    line.time(milliseconds(5));
    old.ready();
  }
  const std::uint64_t before = old.got;
  Greedy newer(line, new_flow(), 50'000);
  for (int ms = 0; ms < 10'000; ms += 5) {
    line.time(milliseconds(5));
    old.ready();
    newer.ready();
  }
  CHECK(newer.got <= 5'000'000 + LineShare::kHeadStart);
  CHECK(old.got - before >= 5'000'000 - LineShare::kHeadStart);
}

TEST_CASE("who is no longer there has no turn, and a limit taken away lets all go") {
  Line line;
  line.share.limit(kRate);
  auto flow = new_flow();
  line.share.spend(*flow, 10'000'000);
  int gone = 0;
  LineShare::Turn stays(line.share, [&] { ++gone; });
  stays.wait(flow);
  {
    LineShare::Turn leaves(line.share, [&] { gone += 100; });
    leaves.wait(flow);
  }
  CHECK(gone == 0);
  line.share.limit(0);
  CHECK(gone == 1);
}

TEST_CASE("a slow line is read in small pieces") {
  Line line;
  CHECK(line.share.read_bytes() == 512 * 1024);
  CHECK(line.share.kernel_bytes() == 0);
  line.share.limit(125'000);
  CHECK(line.share.read_bytes() == 1024);
  CHECK(line.share.kernel_bytes() == 64 * 1024);
  line.share.limit(12'500'000);
  CHECK(line.share.read_bytes() == 6250);
  CHECK(line.share.kernel_bytes() == 0);
}
