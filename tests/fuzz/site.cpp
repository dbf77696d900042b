// SPDX-License-Identifier: MIT
// A stateful fuzzer of the whole: the input is a sequence of what clients ask and do, what origins bring and break,
// what disks refuse, administrators order and clocks show, played against a real Larder (proxy, fills, store, ledger)
// over real sockets. Whatever the sequence, every byte a client is sent is of one version its origin has had; no answer
// ends cleanly before its end; in good weather everything is to be had again, nobody waits for ever; and each answer
// that was sent whole is on the record.
//
// The threads of Larder are its own, so how they meet does not follow from the input: an input that failed is run some
// times over to see it again.
#include <spdlog/spdlog.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>

#include "base/clock.h"
#include "cache/disk.h"
#include "cache/opening.h"
#include "proxy/proxy.h"
#include "reports/ledger.h"
#include "reports/neighbours.h"
#include "site_client.h"
#include "site_origin.h"
#include "site_world.h"

namespace larder::site {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kOperations = 40;
constexpr std::size_t kClients = 6;
constexpr std::size_t kAsksWaiting = 3;
constexpr std::uint64_t kRoomy = 64ULL << 20U;
constexpr std::uint64_t kTight = 3ULL << 20U;
constexpr std::uint64_t kFree = 1ULL << 50U;
constexpr auto kPatience = 60s;  // real time: what makes no end for so long hangs
constexpr auto kNoTimeouts = std::chrono::hours(100'000);
constexpr int kTries = 60;

class ScriptedDisk final : public cache::Disk {
 public:
  std::uint64_t free_bytes(const std::filesystem::path&) override { return free; }
  int before_commit(std::string_view) override { return fails; }
  std::atomic<std::uint64_t> free{kFree};
  std::atomic<int> fails{0};
};

std::filesystem::path fresh_directory() {
  // In memory: what is fuzzed is not the disk.
  std::string name = std::filesystem::exists("/dev/shm") ? "/dev/shm/larder-fuzz-XXXXXX" : "/tmp/larder-fuzz-XXXXXX";
  require(mkdtemp(name.data()) != nullptr);
  return name;
}

std::uint16_t free_port() {
  const auto [socket, port] = listen_somewhere();
  ::close(socket);
  return port;
}

template <class Answer, class Ask>
Answer wait_for(Ask ask) {
  std::promise<Answer> promise;
  auto future = promise.get_future();
  ask([&promise](Answer answer) { promise.set_value(std::move(answer)); });
  return future.get();
}

class Play {
 public:
  explicit Play(Script& script) : script_(script), things_(draw_things(script)), origin_(things_, clock_) { open(); }
  ~Play() {
    close();
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Play(const Play&) = delete;
  Play& operator=(const Play&) = delete;

  void step() {
    Thing& thing = things_.at(script_.next(kThings));
    switch (script_.next(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        ask(thing);
        break;
      case 4:
      case 5:
        thing.faults.push_back({static_cast<FaultKind>(script_.next(kFaultKinds)), draw_place(script_)});
        return;
      case 6:
        thing.turn(script_);
        return;
      case 7:
        if (Client* client = draw_client()) client->hold(script_.next(2) == 1);
        break;
      case 8:
        if (Client* client = draw_client()) client->leave();
        break;
      case 9:
        order(thing);
        break;
      case 10:
        change_disk();
        break;
      case 11:
        clock_.advance(std::array{1s, 61s, 3601s, 100'000s}.at(script_.next(4)));
        return;
      case 12:
        origin_.drop_all();
        break;
      case 13:
        restart();
        break;
      case 14:
        pump(20ms);
        return;
      default:
        return;  // the next thing happens before this one has had any effect
    }
    pump(2ms);
  }

  // Good weather: whoever waits is served or told, and everything is to be had.
  void calm_down() {
    disk_->fails = 0;
    disk_->free = kFree;
    store_->set_limits(kRoomy, 0);
    origin_.clear_up();
    for (const auto& client : clients_) client->hold(false);
    wait_until_all_are_served();
    for (Thing& thing : things_) require(is_to_be_had(thing));
    check_records();
  }

 private:
  void open() {
    auto store = cache::open_store({path_, kRoomy, 0, 0s}, clock_, disk_);
    require(store.has_value());
    store_ = std::move(*store);
    auto ledger = reports::Ledger::open({path_ / "ledger", 0s}, clock_, nullptr);
    require(ledger.has_value());
    ledger_ = std::move(*ledger);
    for (int tries = 0; !proxy_; ++tries) {
      auto proxy = proxy::Proxy::start(configure(), *store_, *ledger_, clock_);
      require(proxy.has_value() || tries < kTries);  // another program may take the port
      if (proxy) proxy_ = std::move(*proxy);
    }
  }

  void close() {
    for (const auto& client : clients_) client->expect_cut();
    if (proxy_) proxy_->stop(0ms);
    proxy_.reset();
    store_.reset();
    ledger_.reset();
  }

  std::shared_ptr<const config::Config> configure() {
    auto config = std::make_shared<config::Config>();
    port_ = free_port();
    config->listen.http = {{"127.0.0.1", port_}};
    config->storage.path = path_;
    config->storage.cache_size_bytes = kRoomy;
    config->storage.reserve_bytes = 0;
    config->access.clients = config::private_networks();
    config->limits.head_timeout = kNoTimeouts;
    config->limits.body_timeout = kNoTimeouts;
    config->limits.keep_alive = kNoTimeouts;
    config->limits.send_timeout = kNoTimeouts;
    config->fills.stall = 1s;
    config->fills.attempts = 2;
    config->origins.vendors = {"apple"};
    for (const Thing& thing : things_) {
      config::OriginHost host;
      host.name = thing.host;
      host.connect_to = config::Endpoint{"127.0.0.1", origin_.port()};
      host.scheme = "http";
      host.cache = thing.standard ? "standard" : "updates";
      config->origins.hosts.push_back(std::move(host));
    }
    return config;
  }

  // Lets everything happen that can, until nothing has for so long.
  void pump(std::chrono::milliseconds quiet) {
    auto last = std::chrono::steady_clock::now();
    const auto end = last + 200ms;
    for (;;) {
      std::vector<pollfd> set;
      origin_.add_to(set);
      for (const auto& client : clients_) client->add_to(set);
      poll(set.data(), set.size(), 1);
      bool went_on = origin_.work();
      for (const auto& client : clients_) went_on |= client->work();
      const auto now = std::chrono::steady_clock::now();
      if (went_on) last = now;
      if (now - last >= quiet || now > end) return;
    }
  }

  void wait_until_all_are_served() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    const auto waits = [](const auto& client) { return client->waits(); };
    while (std::any_of(clients_.begin(), clients_.end(), waits)) {
      require(std::chrono::steady_clock::now() < end);
      pump(2ms);
    }
  }

  Client* draw_client() {
    if (clients_.empty()) return nullptr;
    return clients_.at(script_.next(static_cast<unsigned>(clients_.size()))).get();
  }

  // On a new connection, or behind what another client waits for.
  Client& connected() {
    if (script_.next(3) == 0) {
      for (const auto& client : clients_) {
        if (client->open() && asks_.at(client.get()) < kAsksWaiting) return *client;
      }
    }
    if (clients_.size() == kClients) retire();
    clients_.push_back(std::make_unique<Client>(port_));
    asks_[clients_.back().get()] = 0;
    return *clients_.back();
  }

  void retire() {
    clients_.front()->leave();
    keep_outcomes(*clients_.front());
    asks_.erase(clients_.front().get());
    clients_.erase(clients_.begin());
  }

  void keep_outcomes(const Client& client) {
    if (unheeded_) return;
    outcomes_.insert(outcomes_.end(), client.outcomes().begin(), client.outcomes().end());
  }

  void ask(const Thing& thing) {
    Ask ask;
    ask.thing = &thing;
    ask.token = "T" + std::to_string(++tokens_);
    const unsigned method = script_.next(12);
    if (method == 0) ask.method = "HEAD";
    if (method == 1 && thing.standard) ask.method = "POST";
    const unsigned entrance = ask.method == "POST" ? 1 : script_.next(4);
    if (method > 5) {
      const std::uint64_t first = draw_place(script_);
      ask.range = "bytes=" + std::to_string(first) + '-';
      const unsigned sort = script_.next(5);
      if (sort > 0) ask.range += std::to_string(first + std::array{0U, 100U, 65536U, 1U << 20U}.at(sort - 1));
      if (sort == 2) ask.range += ",-" + std::to_string(1 + script_.next(255) * 1000U);
      if (script_.next(4) == 0) ask.condition = "If-Range: " + draw_etag(thing) + "\r\n";
    } else if (method == 2) {
      ask.condition = "If-None-Match: " + draw_etag(thing) + "\r\n";
    } else if (method == 3) {
      ask.condition = "Cache-Control: no-cache\r\n";
    }
    Client& client = connected();
    ++asks_.at(&client);
    client.ask(std::move(ask), entrance);
  }

  std::string draw_etag(const Thing& thing) {
    const auto& version = thing.versions.at(script_.next(static_cast<unsigned>(thing.versions.size())));
    return version.etag.starts_with('"') ? version.etag : "\"of-nothing\"";
  }

  void order(const Thing& thing) {
    const std::string url = "http://" + thing.host + thing.path;
    const unsigned drawn = script_.next(4);
    if (drawn == 0) static_cast<void>(wait_for<Status>([&](auto done) { store_->remove(url, done); }));
    if (drawn == 1) static_cast<void>(wait_for<Status>([&](auto done) { store_->pin(url, done); }));
    if (drawn == 2) static_cast<void>(wait_for<Status>([&](auto done) { store_->unpin(url, done); }));
    if (drawn == 3) verify();
  }

  void verify() {
    std::promise<cache::VerifyReport> promise;
    auto future = promise.get_future();
    store_->verify([&promise](const Result<cache::VerifyReport>& report) {
      if (report && report->finished) promise.set_value(*report);
    });
    const cache::VerifyReport report = future.get();
    require(report.chunks_corrupt == 0 && report.digests_wrong == 0);
  }

  void change_disk() {
    disk_->fails = std::array{0, 0, ENOSPC, EIO}.at(script_.next(4));
    disk_->free = script_.next(4) == 0 ? 0 : kFree;
    store_->set_limits(script_.next(2) == 0 ? kRoomy : kTight, 0);
  }

  void restart() {
    close();
    pump(1ms);
    // Who was cut off may have got more than Larder can know.
    unheeded_ = true;
    while (!clients_.empty()) retire();
    unheeded_ = false;
    disk_->fails = 0;
    disk_->free = kFree;
    open();
  }

  // By a client that asks like any other; in the version the origin has now, unless an older one may still be served.
  bool is_to_be_had(const Thing& thing) {
    for (int tries = 0; tries < kTries; ++tries) {
      Client& client = *clients_.emplace_back(std::make_unique<Client>(port_));
      client.ask({&thing, "GET", "T" + std::to_string(++tokens_), "", ""}, thing.standard ? 1 : 0);
      wait_until_all_are_served();
      const Outcome outcome = client.outcomes().back();
      keep_outcomes(client);
      clients_.pop_back();
      if (outcome.status == 200 && outcome.complete && (outcome.of_now || !thing.always_asked)) return true;
      clock_.advance(31s);  // circuits, and what is remembered of failures, end
    }
    return false;
  }

  void check_records() {
    while (!clients_.empty()) {
      keep_outcomes(*clients_.front());
      clients_.erase(clients_.begin());
    }
    proxy_->stop(kPatience);  // an answer is recorded once its client has all of it
    ledger_->flush();
    for (const Outcome& outcome : outcomes_) {
      const bool whole = outcome.complete && !outcome.left && outcome.status == 200 && outcome.ask.method == "GET";
      if (!whole) continue;
      const auto device = ledger_->device(outcome.ask.token);
      require(device.has_value() && device->device.bytes_sent == outcome.received && !device->recent.empty());
      require(device->recent.front().complete);
    }
  }

  Script& script_;
  const std::filesystem::path path_ = fresh_directory();
  ManualClock clock_{WallTime(std::chrono::seconds(1'800'000'000))};
  std::array<Thing, kThings> things_;
  Origin origin_;
  std::shared_ptr<ScriptedDisk> disk_ = std::make_shared<ScriptedDisk>();
  std::unique_ptr<cache::Store> store_;
  std::unique_ptr<reports::Ledger> ledger_;
  std::unique_ptr<proxy::Proxy> proxy_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<Client>> clients_;
  std::map<const Client*, std::size_t> asks_;  // how many each has made
  std::vector<Outcome> outcomes_;
  bool unheeded_ = false;  // outcomes are not kept
  unsigned tokens_ = 0;
};

}  // namespace
}  // namespace larder::site

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  spdlog::set_level(spdlog::level::off);
  std::signal(SIGPIPE, SIG_IGN);
  larder::site::Script script(data, size);
  larder::site::Play play(script);
  for (std::size_t count = 0; count < larder::site::kOperations && !script.over(); ++count) play.step();
  play.calm_down();
  return 0;
}
