// SPDX-License-Identifier: MIT
#include "proxy/relay.h"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <mutex>

#include "base/bytes.h"

using namespace larder;
using namespace larder::proxy;

namespace {

// A taker on a thread of its own, which takes no more than it is let.
class Taker final : public PassListener {
 public:
  explicit Taker(std::uint64_t number) : loop("taker"), id{number} {
    loop.start();
    loop.run([this] { inbox.expect(id, *this); });
  }
  ~Taker() override { loop.stop(); }

  void on_pass_interim(const OriginAnswer&) override {}
  void on_pass_head(const OriginAnswer& answer) override {
    note([&] { status = answer.status; });
  }
  void on_pass_body(std::string bytes) override {
    note([&] { got += bytes; });
  }
  void on_pass_end(const Status& told) override {
    note([&] { end = told; });
  }

  template <class Is>
  bool becomes(const Is& is) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), is);
  }

  EventThread loop;
  PassInbox inbox;
  const ReaderId id;
  int status = 0;
  std::string got;
  std::optional<Status> end;

 private:
  template <class Change>
  void note(const Change& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
};

struct Site {
  Site() : origin("origin") { origin.start(); }
  ~Site() {
    origin.run([&] { relay = nullptr; });
    origin.stop();
  }
  void begin(std::string begun, bool kept) {
    Relay::Terms terms;
    terms.answer.status = 200;
    relay = std::make_shared<Relay>(origin, std::move(terms), std::move(begun), kept, all,
                                    [this](bool hold) { held = hold; });
  }
  void append(const std::string& bytes) {
    origin.run([&] { relay->append(std::as_bytes(std::span(bytes))); });
  }
  void add(Taker& taker) {
    origin.run([&] { relay->add(taker.id, taker.loop, taker.inbox); });
  }
  void taken(const Taker& taker, std::size_t bytes) {
    origin.run([&] { relay->taken(taker.id, bytes); });
  }

  EventThread origin;
  const Relay::Held all = std::make_shared<std::atomic<std::size_t>>(0);
  std::shared_ptr<Relay> relay;
  bool held = false;
};

}  // namespace

TEST_CASE("whoever comes while a relay runs gets all of it") {
  Taker early(1);
  Taker late(2);
  Site site;
  site.begin("abc", true);
  site.add(early);
  site.append("def");
  site.add(late);
  site.append("ghi");
  site.origin.run([&] { site.relay->end(ok()); });
  for (Taker* taker : {&early, &late}) {
    REQUIRE(taker->becomes([&] { return taker->end.has_value(); }));
    CHECK(taker->status == 200);
    CHECK(taker->got == "abcdefghi");
    CHECK(taker->end->has_value());
  }
}

TEST_CASE("a taker who takes nothing is given a window, and holds nobody while all is kept") {
  Taker slow(1);
  Site site;
  site.begin("", true);
  site.add(slow);
  const std::string bytes(10 * kMiB, 'x');
  site.append(bytes);
  REQUIRE(slow.becomes([&] { return slow.got.size() == kMiB; }));
  CHECK_FALSE(site.held);
  site.origin.run([&] { site.relay->end(ok()); });
  for (std::size_t had = kMiB; had < bytes.size(); had += kMiB) {
    site.taken(slow, kMiB);
    REQUIRE(slow.becomes([&] { return slow.got.size() == had + kMiB; }));
  }
  site.taken(slow, kMiB);
  REQUIRE(slow.becomes([&] { return slow.end.has_value(); }));
  CHECK(slow.got == bytes);
}

TEST_CASE("what is not kept waits at the origin for the slowest, and takes nobody new") {
  Taker slow(1);
  Taker late(2);
  Site site;
  site.begin("", false);
  site.add(slow);
  site.append(std::string(4 * kMiB, 'x'));
  CHECK(site.held);
  site.add(late);
  REQUIRE(late.becomes([&] { return late.end.has_value(); }));
  CHECK_FALSE(late.end->has_value());
  CHECK(late.status == 0);
  SECTION("who goes on") {
    for (std::size_t had = 0; had < 3 * kMiB; had += kMiB) {
      REQUIRE(slow.becomes([&] { return slow.got.size() >= had + kMiB; }));
      site.taken(slow, kMiB);
    }
    CHECK_FALSE(site.held);
  }
  SECTION("or goes away") {
    site.origin.run([&] { site.relay->remove(slow.id); });
    CHECK_FALSE(site.held);
  }
}

TEST_CASE("what all relays hold is counted") {
  Taker slow(1);
  Site site;
  site.begin("abc", true);
  CHECK(*site.all == 3);
  site.add(slow);
  site.append(std::string(2 * kMiB, 'x'));
  CHECK(*site.all == 2 * kMiB + 3);
  CHECK(site.relay->too_long(2 * kMiB));
  CHECK_FALSE(site.relay->too_long(3 * kMiB));
  *site.all += Relay::kKeptBytes;
  CHECK(site.relay->too_long(3 * kMiB));
  *site.all -= Relay::kKeptBytes;
  site.origin.run([&] { site.relay->keep_no_more(); });
  CHECK(*site.all == kMiB + 3);  // the window of the slowest is on its way
  site.origin.run([&] { site.relay = nullptr; });
  slow.loop.run([] {});  // what was told there has been told,
  slow.loop.run([] {});  // and let go
  CHECK(*site.all == 0);
}

TEST_CASE("a relay that breaks off ends its takers at once, and whoever comes later") {
  Taker taker(1);
  Taker late(2);
  Site site;
  site.begin("abc", true);
  site.add(taker);
  site.origin.run([&] { site.relay->end(fail(ErrorKind::origin_failed, "reset")); });
  site.add(late);
  for (Taker* each : {&taker, &late}) {
    REQUIRE(each->becomes([&] { return each->end.has_value(); }));
    CHECK(each->end->error().message == "reset");
  }
}
