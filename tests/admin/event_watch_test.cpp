// SPDX-License-Identifier: MIT
// What is told of what is seen, and what is not told again.
#include "admin/event_watch.h"

#include <catch2/catch.hpp>
#include <string>

#include "admin/event_eyes.h"
#include "fake_rooms.h"

using namespace larder;
using namespace larder::admin;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

class Watch {
 public:
  std::vector<std::string> look(Sighting sighting = {}) {
    sighting.now = clock.now();
    sighting.site = "larder.example.org";
    if (sighting.spread_percent == 0) sighting.spread_percent = 90;
    std::vector<std::string> told;
    last = watch.look(sighting);
    for (const Event& event : last) told.push_back(event.name + ": " + event.text);
    return told;
  }
  std::vector<std::string> releases(const std::vector<std::pair<std::string, std::string>>& listed,
                                    const std::string& channel = "") {
    Sighting sighting;
    sighting.releases.emplace();
    for (const auto& [product, version] : listed)
      sighting.releases->push_back({product, version, "", channel, {}, false, ""});
    return look(std::move(sighting));
  }
  std::vector<std::string> spread(std::uint64_t complete, std::uint64_t of, std::uint32_t percent = 90) {
    Sighting sighting;
    sighting.spread_percent = percent;
    sighting.spread.emplace();
    reports::SpreadRow row;
    row.product = "macOS";
    row.version = "15.7";
    row.devices_complete = complete;
    row.devices_of_product = of;
    sighting.spread->push_back(row);
    return look(std::move(sighting));
  }
  std::vector<std::string> with(const std::vector<Condition>& conditions) {
    Sighting sighting;
    sighting.conditions = conditions;
    return look(std::move(sighting));
  }
  void restart() { watch = EventWatch(watch.memory()); }

  ManualClock clock{WallTime(seconds(1'786'979'045))};
  EventWatch watch;
  std::vector<Event> last;
};

const Condition kDown{"origin_down", "cdn.example:443", "warning", "It is down.", "It is asked again."};
const Condition kBroken{"disk", "store", "error", "It is broken.", "It works again."};

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("releases known at the first start are not told, new ones are, once") {
  Watch watch;
  CHECK(watch.releases({{"macOS", "15.6"}, {"macOS", "14.8"}}).empty());
  CHECK(watch.releases({{"macOS", "15.6"}, {"macOS", "15.7"}}) == Texts{"release_seen: A catalogue lists macOS 15.7."});
  CHECK(watch.last.at(0).fields.at(1) == std::pair<std::string, Event::Value>{"version", "15.7"});
  CHECK(watch.releases({{"macOS", "15.6"}, {"macOS", "15.7"}}).empty());
  watch.restart();
  CHECK(watch.releases({{"macOS", "15.7"}}).empty());
  CHECK(watch.releases({{"macOS", "26.0"}}).size() == 1);
}

TEST_CASE("an older line of a product has releases of its own; what an old catalogue lists is no news") {
  Watch watch;
  CHECK(watch.releases({{"macOS", "15.6"}, {"macOS", "14.8"}}).empty());
  CHECK(watch.releases({{"macOS", "14.8.1"}}).size() == 1);
  CHECK(watch.releases({{"macOS", "14.7"}}).empty());
  CHECK(watch.releases({{"macOS", "13.1"}}).empty());
  CHECK(watch.releases({{"Safari", "18.0"}}).empty());
  CHECK(watch.releases({{"macOS", "15.8"}}, "Beta").empty());
  CHECK(watch.releases({{"macOS", "15.9"}}, "Beta") == Texts{"release_seen: A catalogue lists macOS 15.9 in Beta."});
}

TEST_CASE("a release has spread once") {
  Watch watch;
  CHECK(watch.spread(1, 10).empty());
  CHECK(watch.spread(8, 10).empty());
  CHECK(watch.spread(9, 10) ==
        Texts{"release_spread: macOS 15.7 is on 9 of 10 devices that have fetched the product (90 %)."});
  CHECK(watch.spread(10, 10).empty());
  watch.restart();
  CHECK(watch.spread(5, 10).empty());
  CHECK(watch.spread(9, 10).empty());
}

TEST_CASE("what had spread before anybody looked is not told, nor when the share is changed") {
  Watch watch;
  CHECK(watch.spread(6, 10).empty());
  CHECK(watch.spread(6, 10, 50).empty());
  CHECK(watch.spread(10, 10, 50).empty());
  CHECK(Watch().spread(10, 10).empty());
}

TEST_CASE("an origin is told to be down when it stays so, and to be up when it stays so") {
  Watch watch;
  CHECK(watch.with({kDown}).empty());
  watch.clock.advance(seconds(29));
  CHECK(watch.with({kDown}).empty());
  watch.clock.advance(seconds(1));
  CHECK(watch.with({kDown}) == Texts{"origin_down: It is down."});
  for (int i = 0; i < 100; ++i) {  // it flaps
    watch.clock.advance(minutes(1));
    CHECK(watch.with({}).empty());
    watch.clock.advance(minutes(1));
    CHECK(watch.with({kDown}).empty());
  }
  CHECK(watch.with({}).empty());
  watch.clock.advance(minutes(5));
  CHECK(watch.with({}) == Texts{"origin_down: It is asked again."});
  CHECK(watch.last.at(0).severity == "info");
  CHECK(watch.last.at(0).fields.at(1) == std::pair<std::string, Event::Value>{"state", "ended"});
  CHECK(watch.with({}).empty());
}

TEST_CASE("a moment without a line is told to nobody") {
  Watch watch;
  CHECK(watch.with({kDown}).empty());
  watch.clock.advance(seconds(20));
  CHECK(watch.with({}).empty());
  watch.clock.advance(seconds(20));
  CHECK(watch.with({kDown}).empty());
}

TEST_CASE("a broken disk is told at once, and not again after a restart") {
  Watch watch;
  CHECK(watch.with({kBroken}) == Texts{"disk: It is broken."});
  watch.restart();
  CHECK(watch.with({kBroken}).empty());
  CHECK(watch.with({}).empty());
  watch.clock.advance(minutes(5));
  CHECK(watch.with({}) == Texts{"disk: It works again."});
}

TEST_CASE("a download that is refused is told once an hour for its URL") {
  Watch watch;
  Sighting sighting;
  sighting.mismatches = {{watch.clock.now(), "http://a/", "A", "1", "old"}};
  CHECK(watch.look(sighting).empty());
  watch.clock.advance(minutes(1));
  sighting.mismatches.insert(sighting.mismatches.begin(), {watch.clock.now(), "http://b/\n", "B", "2", "wrong"});
  CHECK(watch.look(sighting) == Texts{"integrity_mismatch: A download was not what a catalogue publishes, and was not "
                                      "kept: http://b/?: wrong"});
  CHECK(watch.look(sighting).empty());
  watch.clock.advance(minutes(1));
  sighting.mismatches.insert(sighting.mismatches.begin(), {watch.clock.now(), "http://b/\n", "B", "2", "wrong"});
  CHECK(watch.look(sighting).empty());
  watch.clock.advance(std::chrono::hours(1));
  sighting.mismatches.insert(sighting.mismatches.begin(), {watch.clock.now(), "http://b/\n", "B", "2", "wrong"});
  CHECK(watch.look(sighting).size() == 1);
}

TEST_CASE("a memory that is none is an empty one") {
  for (const char* memory : {"", "{", "[]", R"({"format": 2})", R"({"format": 1, "releases": 5})"}) {
    CHECK(EventWatch(memory).memory() == EventWatch().memory());
  }
}

TEST_CASE("the memory changes only when something is learnt") {
  Watch watch;
  watch.releases({{"macOS", "15.6"}});
  CHECK(watch.watch.take_changed());
  watch.releases({{"macOS", "15.6"}});
  CHECK_FALSE(watch.watch.take_changed());
  watch.releases({{"macOS", "15.7"}});
  CHECK(watch.watch.take_changed());
}

TEST_CASE("what the status calls a problem of the disk, an origin or a catalogue is seen") {
  ManualClock clock(WallTime(seconds(1'786'979'045)));
  FakeStore store;
  FakeLedger ledger;
  LiveStatus live;
  proxy::MauState word;
  word.channel = "Current";
  word.app_id = "MSWD2019";
  word.asked = clock.now();
  word.confirmed = clock.now() - std::chrono::hours(72);
  word.releases = {{}};
  word.releases.front().first_seen = clock.now() - std::chrono::days(20);
  Sources sources{
      store, ledger, clock, {}, [&] { return live; }, [] { return updates::Knowledge::empty(); }, [] { return true; }};
  sources.manifests = [&] { return std::vector{word}; };
  store.current.broken = "cannot write";
  store.current.full = true;
  ledger.current.broken = "cannot write";
  live.origins_at_rest = {{"cdn.example:443", "refused", 5, clock.now(), 10},
                          {"polite.example:443", "429", 0, clock.now(), 10}};
  EventEyes eyes(sources);
  std::vector<std::string> seen;
  for (const Condition& condition : eyes.look({}).conditions) seen.push_back(condition.event + " " + condition.about);
  CHECK(seen == Texts{"disk store", "disk room", "disk ledger", "origin_down cdn.example:443", "catalogue_stale Office",
                      "catalogue_stale AutoUpdate Current"});
}
