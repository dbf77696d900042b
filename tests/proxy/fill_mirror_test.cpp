// SPDX-License-Identifier: MIT
#include "proxy/fill_mirror.h"

#include <catch2/catch.hpp>

using namespace larder;         // NOLINT(google-build-using-namespace)
using namespace larder::proxy;  // NOLINT(google-build-using-namespace)

namespace {

constexpr FillId kFill{7};
constexpr ReaderId kReader{1};

class Counting final : public FillWatcher {
 public:
  void on_fill() override { ++told; }
  int told = 0;
};

// One loop's mirrors, the needs they sent, and the mirror the last reader was given.
struct Desk {
  std::vector<cache::ChunkIndex> needs;
  FillMirrors mirrors{[this](FillId, cache::ChunkIndex chunk) { needs.push_back(chunk); }};
  std::shared_ptr<FillMirror> mirror;

  void join(FillState state) {
    FillChange now;
    now.state = state;
    mirrors.expect(kReader, [this](std::shared_ptr<FillMirror> given, Joining) { mirror = std::move(given); });
    mirrors.joined(kReader, kFill, Joining::began, now);
  }
  void change(FillState state) {
    FillChange now;
    now.state = state;
    mirrors.changed(kFill, now);
  }
};

}  // namespace

TEST_CASE("a reader is given the mirror of its fill, and readers of one loop share it") {
  Desk desk;
  desk.join(FillState::asking);
  const auto first = desk.mirror;
  REQUIRE(first);
  desk.join(FillState::asking);
  CHECK(desk.mirror == first);
  CHECK(desk.mirrors.size() == 1);
}

TEST_CASE("a reader that has left is given nothing") {
  Desk desk;
  desk.mirrors.expect(kReader, [&](std::shared_ptr<FillMirror> given, Joining) { desk.mirror = std::move(given); });
  desk.mirrors.forget(kReader);
  desk.mirrors.joined(kReader, kFill, Joining::joined, {});
  CHECK_FALSE(desk.mirror);
}

TEST_CASE("a chunk is asked for once, until it has landed") {
  Desk desk;
  desk.join(FillState::filling);
  desk.mirror->need({3});
  desk.mirror->need({3});
  CHECK(desk.needs == std::vector<cache::ChunkIndex>{{3}});
  desk.mirrors.landed(kFill, {3});
  desk.mirror->need({3});
  CHECK(desk.needs.size() == 2);
}

TEST_CASE("a chunk in flight is seen until it has landed") {
  Desk desk;
  desk.join(FillState::filling);
  auto buffer = std::make_shared<cache::ChunkBuffer>(16);
  desk.mirrors.opened(kFill, {0}, buffer);
  CHECK(desk.mirror->in_flight({0}) == buffer);
  desk.mirrors.landed(kFill, {0});
  CHECK(desk.mirror->in_flight({0}) == nullptr);
}

TEST_CASE("everybody who watches is told of progress, of landings and of the end") {
  Desk desk;
  desk.join(FillState::asking);
  Counting watcher;
  desk.mirror->watch(watcher);
  desk.change(FillState::filling);
  desk.mirrors.progress(kFill);
  desk.mirrors.landed(kFill, {0});
  desk.change(FillState::finished);
  CHECK(watcher.told == 4);
  CHECK(desk.mirror->state() == FillState::finished);
}

TEST_CASE("a watcher may stop watching while it is told") {
  Desk desk;
  desk.join(FillState::asking);
  class Leaving final : public FillWatcher {
   public:
    explicit Leaving(FillMirror& mirror) : mirror_(mirror) {}
    void on_fill() override {
      ++told;
      mirror_.unwatch(*this);
    }
    int told = 0;

   private:
    FillMirror& mirror_;
  } leaving(*desk.mirror);
  Counting staying;
  desk.mirror->watch(leaving);
  desk.mirror->watch(staying);
  desk.mirrors.progress(kFill);
  desk.mirrors.progress(kFill);
  CHECK(leaving.told == 1);
  CHECK(staying.told == 2);
}

TEST_CASE("a fill that has ended is forgotten, and its mirror stays with its readers") {
  Desk desk;
  desk.join(FillState::filling);
  desk.mirrors.opened(kFill, {0}, std::make_shared<cache::ChunkBuffer>(16));
  desk.change(FillState::failed);
  CHECK(desk.mirrors.size() == 0);
  CHECK(desk.mirror->state() == FillState::failed);
  CHECK(desk.mirror->in_flight({0}));  // what arrived may still be sent
  desk.mirror->need({1});
  CHECK(desk.needs.empty());
}
