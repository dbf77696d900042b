// SPDX-License-Identifier: MIT
// Devices that are known by what nameservers call their addresses.
#include "reports/client_names.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <mutex>
#include <set>
#include <thread>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Mac kMac{0xAA, 0xBB, 0xCC, 0, 1, 2};

// Says what the test has it say.
class ToldNames final : public ClientNames {
 public:
  void start(std::function<void()> told) override { told_ = std::move(told); }
  void stop() override {}
  void ask(std::vector<config::Address> clients) override {
    const std::lock_guard lock(mutex_);
    for (const config::Address& client : clients) asked_.insert(client.text());
  }
  std::vector<ClientName> take() override {
    const std::lock_guard lock(mutex_);
    return std::exchange(names_, {});
  }
  void say(const std::string& client, const std::string& name, seconds life = hours(1)) {
    {
      const std::lock_guard lock(mutex_);
      names_.push_back({address(client), name, life});
    }
    told_();
  }
  bool was_asked(const std::string& client) {
    const std::lock_guard lock(mutex_);
    return asked_.contains(client);
  }

 private:
  std::function<void()> told_;
  std::mutex mutex_;
  std::vector<ClientName> names_;
  std::set<std::string> asked_;
};

FetchRecord from(const std::string& client, std::chrono::microseconds when, const std::string& token = "") {
  return larder::reports::from(client, token, when);
}

struct NamesFixture : LedgerFixture {
  std::shared_ptr<ToldNames> names = std::make_shared<ToldNames>();

  NamesFixture() {
    options.lease = hours(12);
    options.names = names;
    open();  // one o'clock
  }
  std::uint64_t requests_of(const std::string& id) const {
    const auto detail = ledger->device(id);
    return detail ? detail->device.requests : 0;
  }
  bool adds_up() const {
    const auto reckoning = ledger->reckon(false);
    return reckoning && reckoning->wrong.empty();
  }
};

TEST_CASE("a device of which nothing else is known is known by its address's name", "[names]") {
  const NamesFixture fixture;
  fixture.names->say("192.0.2.7", "annas-mac.example.org");
  fixture.record({from("192.0.2.7", hours(1)), from("192.0.2.8", hours(1))});
  CHECK(fixture.names->was_asked("192.0.2.7"));
  const auto detail = fixture.ledger->device("name:annas-mac.example.org").value();
  CHECK(detail.device.evidence == DeviceEvidence::name);
  CHECK(detail.device.host_name == "annas-mac.example.org");
  CHECK(detail.device.address == "192.0.2.7");
  CHECK(detail.recent.at(0).token_from == DeviceEvidence::name);
  CHECK(fixture.requests_of("192.0.2.7") == 0);
  CHECK(fixture.requests_of("192.0.2.8") == 1);
}

TEST_CASE("a name stays one device's at another address", "[names]") {
  const NamesFixture fixture;
  fixture.names->say("192.0.2.7", "annas-mac");
  fixture.names->say("192.0.2.9", "annas-mac");
  fixture.record({from("192.0.2.7", hours(1)), from("192.0.2.9", hours(1) + minutes(1))});
  CHECK(fixture.requests_of("name:annas-mac") == 2);
}

TEST_CASE("a name that comes after the first fetches claims them, and every total still adds up", "[names]") {
  const NamesFixture fixture;
  fixture.record({from("192.0.2.7", minutes(10)), from("192.0.2.7", minutes(20)), from("192.0.2.8", minutes(20))});
  CHECK(fixture.requests_of("192.0.2.7") == 2);
  fixture.names->say("192.0.2.7", "annas-mac");
  fixture.ledger->flush();
  CHECK(fixture.requests_of("192.0.2.7") == 0);
  CHECK(fixture.requests_of("192.0.2.8") == 1);
  const auto detail = fixture.ledger->device("name:annas-mac").value();
  CHECK(detail.device.requests == 2);
  CHECK(detail.device.host_name == "annas-mac");
  CHECK(detail.recent.at(1).token_from == DeviceEvidence::name);
  CHECK(fixture.ledger->versions({}).value().items.at(0).devices_complete == 2);
  CHECK(fixture.adds_up());
}

TEST_CASE("a name is written to the record without another fetch", "[names]") {
  const NamesFixture fixture;
  fixture.record({from("192.0.2.7", minutes(10))});
  fixture.names->say("192.0.2.7", "annas-mac");
  for (int tries = 0; tries < 1000 && fixture.requests_of("name:annas-mac") == 0; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  CHECK(fixture.requests_of("name:annas-mac") == 1);
}

TEST_CASE("nothing is claimed of longer than a lease ago, nor from when the address had another name or none",
          "[names]") {
  NamesFixture fixture;
  fixture.clock.advance(hours(12));  // one o'clock at night
  fixture.record({from("192.0.2.7", minutes(30)), from("192.0.2.7", hours(12))});
  fixture.names->say("192.0.2.7", "annas-mac", minutes(10));
  fixture.ledger->flush();
  CHECK(fixture.requests_of("192.0.2.7") == 1);
  CHECK(fixture.requests_of("name:annas-mac") == 1);

  fixture.clock.advance(minutes(30));  // her name was good until ten past, and nobody could be asked since
  fixture.record({from("192.0.2.7", hours(13) + minutes(5)), from("192.0.2.7", hours(13) + minutes(20))});
  CHECK(fixture.requests_of("name:annas-mac") == 2);
  CHECK(fixture.requests_of("192.0.2.7") == 2);
  fixture.names->say("192.0.2.7", "bens-mac");
  fixture.ledger->flush();
  CHECK(fixture.requests_of("name:annas-mac") == 2);
  CHECK(fixture.requests_of("name:bens-mac") == 1);

  fixture.record({from("192.0.2.8", hours(13))});
  fixture.names->say("192.0.2.8", "", minutes(10));
  fixture.ledger->flush();
  fixture.record({from("192.0.2.8", hours(13) + minutes(31))});
  fixture.clock.advance(minutes(20));
  fixture.names->say("192.0.2.8", "carlas-mac");
  fixture.record({from("192.0.2.8", hours(13) + minutes(49))});
  CHECK(fixture.requests_of("192.0.2.8") == 2);
  CHECK(fixture.requests_of("name:carlas-mac") == 1);
  CHECK(fixture.adds_up());
}

TEST_CASE("a name that is asked for again is taken up where it ended", "[names]") {
  NamesFixture fixture;
  fixture.names->say("192.0.2.7", "annas-mac", minutes(10));
  fixture.record({from("192.0.2.7", hours(1))});
  fixture.clock.advance(hours(1));
  fixture.record({from("192.0.2.7", hours(1) + minutes(59))});
  CHECK(fixture.requests_of("192.0.2.7") == 1);
  fixture.names->say("192.0.2.7", "annas-mac", minutes(10));
  fixture.ledger->flush();
  CHECK(fixture.requests_of("192.0.2.7") == 0);
  CHECK(fixture.requests_of("name:annas-mac") == 2);
}

TEST_CASE("a name says less than hardware, a lease and a token, which claim what was the name's", "[names]") {
  CHECK(better_evidence(DeviceEvidence::dhcp, DeviceEvidence::name));
  CHECK(better_evidence(DeviceEvidence::name, DeviceEvidence::address));
  NamesFixture fixture;
  fixture.neighbours = {{address("192.0.2.9"), kMac}};
  fixture.open();
  fixture.names->say("192.0.2.7", "annas-mac");
  fixture.names->say("192.0.2.9", "bens-mac");
  fixture.record({from("192.0.2.7", minutes(70)), from("192.0.2.9", minutes(70))});
  CHECK(fixture.requests_of("name:annas-mac") == 1);
  const auto hardware = fixture.ledger->device("mac:aa:bb:cc:00:01:02").value();
  CHECK(hardware.device.requests == 1);
  CHECK(hardware.device.host_name == "bens-mac");

  fixture.record({from("192.0.2.7", minutes(80), "C02X"), from("192.0.2.7", minutes(85))});
  CHECK(fixture.requests_of("name:annas-mac") == 0);
  const auto named = fixture.ledger->device("C02X").value();
  CHECK(named.device.requests == 3);
  CHECK(named.device.host_name == "annas-mac");
  CHECK(fixture.adds_up());
}

TEST_CASE("a token cannot pretend to be a name", "[names]") {
  const NamesFixture fixture;
  fixture.record({from("192.0.2.7", minutes(1), "name:annas-mac")});
  CHECK(fixture.requests_of("name:annas-mac") == 0);
  CHECK(fixture.requests_of("192.0.2.7") == 1);
}

TEST_CASE("under pseudonyms a name is hashed, claims, and is nowhere on record", "[names]") {
  NamesFixture fixture;
  fixture.options.naming = Naming::pseudonyms;
  fixture.options.path = fixture.directory.path() / "pseudonyms";
  fixture.open();
  fixture.record({from("192.0.2.7", minutes(10))});
  fixture.names->say("192.0.2.7", "annas-mac");
  fixture.names->say("192.0.2.8", "annas-mac");
  fixture.record({from("192.0.2.8", minutes(70))});
  auto rows = fixture.ledger->devices({}).value().items;
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].requests == 2);
  CHECK(rows[0].evidence == DeviceEvidence::name);
  CHECK(rows[0].id.starts_with("p:"));
  CHECK(rows[0].host_name.empty());
  fixture.ledger.reset();
  std::ifstream file(fixture.options.path / "data.mdb", std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  CHECK(bytes.find("annas-mac") == std::string::npos);

  fixture.open();
  fixture.clock.advance(std::chrono::days(30));
  fixture.names->say("192.0.2.8", "annas-mac");
  fixture.record({from("192.0.2.8", std::chrono::days(30))});
  CHECK(fixture.ledger->devices({}).value().items.size() == 2);
}

TEST_CASE("a device that is known by a name is erased by its id, and begins anew", "[names]") {
  const NamesFixture fixture;
  fixture.record({from("192.0.2.7", minutes(10))});
  fixture.names->say("192.0.2.7", "annas-mac");
  fixture.record({from("192.0.2.7", minutes(70))});
  const auto erased = fixture.ledger->erase("name:annas-mac", false).value();
  CHECK(erased.requests == 2);
  CHECK(fixture.ledger->devices({}).value().items.empty());
  CHECK(fixture.ledger->summary({}).value().requests == 2);
  fixture.record({from("192.0.2.7", minutes(80))});
  CHECK(fixture.requests_of("name:annas-mac") == 1);
  CHECK(fixture.adds_up());
}

TEST_CASE("of what nameservers say only host names that tell more than the address name a device", "[names]") {
  const auto named = [](std::string_view said, const char* client = "10.1.2.3") {
    return device_name(said, address(client));
  };
  CHECK(named("Annas-Mac.example.ORG.") == "annas-mac.example.org");
  CHECK(named("mac17") == "mac17");
  CHECK(named("pc-2-3.example.org") == "pc-2-3.example.org");
  CHECK(named("lab-10.1-2-30.example.org") == "lab-10.1-2-30.example.org");
  CHECK(named(std::string(63, 'a') + "." + std::string(63, 'b')) != "");
  for (const char* none : {"",
                           ".",
                           "a b",
                           "a_b",
                           "a..b",
                           ".a",
                           "-a",
                           "a-",
                           "a\n",
                           "a\x7f",
                           "a\xc3\xa9",
                           "<b>",
                           "a/b",
                           "10.1.2.4",
                           "::1",
                           "localhost",
                           "localhost.",
                           "x.localhost",
                           "localhost.localdomain",
                           "3.2.1.10.in-addr.arpa",
                           "a.ip6.arpa"})
    CHECK(named(none).empty());
  CHECK(named("mac.localdomain") == "mac.localdomain");
  CHECK(named(std::string(63, 'a') + "." + std::string(63, 'b') + ".cc").empty());
  for (const char* made : {"dhcp-10-1-2-3.example.org", "ip10.1.2.3.isp.example", "3.2.1.10.dyn.example",
                           "host010001002003.example.org", "ip-0a010203.example.org", "h10-1.2-3"})
    CHECK(named(made).empty());
  CHECK(named("2001-db8--7.example.org", "2001:db8::7").empty());
  CHECK(named("7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.example.org", "2001:db8::7").empty());
  CHECK(named("20010db8000000000000000000000007.example.org", "2001:db8::7").empty());
  CHECK(named("mac7.example.org", "2001:db8::7") == "mac7.example.org");
}

}  // namespace
}  // namespace larder::reports
