// SPDX-License-Identifier: MIT
// larderd: reads the configuration, builds the parts, wires them, runs, stops.
#include <pthread.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "admin/command_pages.h"
#include "admin/server.h"
#include "admin/webhooks.h"
#include "base/fault_guard.h"
#include "base/kernel_calls.h"
#include "cache/store.h"
#include "config/load.h"
#include "proxy/proxy.h"
#include "proxy/reverse_names.h"
#include "proxy/tls_context.h"
#include "reports/access_log.h"
#include "reports/ledger.h"

namespace {

using namespace larder;  // NOLINT(google-build-using-namespace): this file wires the rooms and has no names of its own

constexpr int kGood = 0;
constexpr int kFailed = 1;
constexpr int kUsedWrongly = 2;
// Running answers are given this long at the end; with the rest of stopping it stays under 15 seconds.
constexpr auto kGrace = std::chrono::seconds(10);
constexpr timespec kSignalWait{1, 0};
constexpr auto kQuietAwaited = std::chrono::minutes(15);
constexpr auto kGoodRun = std::chrono::minutes(10);
// Under storage.path, a directory each.
constexpr std::array kEnvironments{"index", "chunks", "small", "ledger"};

constexpr std::string_view kAbout =
    "Fetches the updates of Apple's and Microsoft's software once for all devices of a site, serves them from its "
    "store, "
    "and keeps on record which device fetched which version of what. Stays in the foreground; logs to standard error. "
    "SIGHUP reads the configuration anew, SIGTERM lets running answers end and stops.";

// Signals are taken by `main` alone, so every other thread is born with them blocked.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

void print(const std::vector<config::Problem>& problems) {
  for (const config::Problem& problem : problems) std::fprintf(stderr, "%s\n", problem.text().c_str());
}

admin::RunningFill copy(const proxy::FillInfo& from, WallTime now) {
  admin::RunningFill to;
  to.url = from.url;
  to.product = from.product;
  to.version = from.version;
  to.bytes_done = from.bytes_done;
  to.bytes_total = from.bytes_total;
  to.clients_waiting = static_cast<std::uint32_t>(from.readers);
  to.started = from.started;
  const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - from.started).count();
  if (elapsed > 0) to.bytes_per_second = from.bytes_from_origin * 1000 / static_cast<std::uint64_t>(elapsed);
  return to;
}

admin::RestingOrigin copy(const proxy::OriginAtRest& from) {
  return {from.origin, from.why, from.failures, from.since, static_cast<std::uint64_t>(from.next_try.count())};
}

void set_log_level(const std::string& level) {
  spdlog::set_level(spdlog::level::from_str(level));
}

// One running Larder. Members in order of birth.
reports::LedgerOptions ledger_options(const config::Config& config) {
  return {config.storage.path / "ledger",
          config.ledger.retention,
          config.identity.lease,
          config.identity.dhcp_leases,
          config.ledger.device_retention,
          config.identity.pseudonyms ? reports::Naming::pseudonyms : reports::Naming::plain};
}

class Daemon {
 public:
  explicit Daemon(std::shared_ptr<const config::Config> config) : config_(std::move(config)) {}

  Status start() {
    started_ = clock_.now();
    const config::StorageConfig& storage = config_->storage;
    auto store =
        cache::Store::open({storage.path, storage.cache_size_bytes, storage.reserve_bytes, storage.scrub}, clock_);
    if (!store) return std::move(store).error();
    store_ = std::move(*store);
    access_log_ = std::make_unique<reports::AccessLog>(
        config_->log, config_->identity.pseudonyms ? reports::Whose::hidden : reports::Whose::told);
    reports::LedgerOptions recorded = ledger_options(*config_);
    if (config_->identity.reverse_names) names_ = std::make_shared<proxy::ReverseNames>(*config_, clock_);
    recorded.names = names_;
    recorded.told = [log = access_log_.get()](const auto& fetches) { log->add(fetches); };
    auto ledger = reports::Ledger::open(recorded, clock_);
    if (!ledger) return std::move(ledger).error();
    ledger_ = std::move(*ledger);
    auto proxy = proxy::Proxy::start(config_, *store_, *ledger_, clock_);
    if (!proxy) return std::move(proxy).error();
    proxy_ = std::move(*proxy);
    webhooks_ = admin::Webhooks::start(sources(), config_);
    admin::Sources answers = sources();
    answers.webhooks = webhooks_.get();
    answers.audit = storage.path / "audit.jsonl";
    answers.access_log = [this] { return access_log_->state(); };
    if (names_) answers.names = [names = names_] { return names->asked(); };
    auto admin = admin::AdminServer::start(answers, config_);
    if (!admin) return std::move(admin).error();
    admin_ = std::move(*admin);
    ready_ = true;
    return ok();
  }

  void reload() {
    const config::Loaded loaded = config::load_file(config_->file);
    if (!loaded.config) {
      print(loaded.problems);
      spdlog::error("reload: {} has problems (above); nothing was changed", config_->file.string());
      return;
    }
    const config::Changes changes = config::compare(*config_, *loaded.config);
    for (const std::string& key : changes.need_restart) spdlog::warn("reload: {} takes effect at a restart", key);
    for (const std::string& key : changes.applied) spdlog::info("reload: {} applied", key);
    config_ = loaded.config;
    set_log_level(config_->log.level);
    access_log_->apply(config_->log);
    store_->set_limits(config_->storage.cache_size_bytes, config_->storage.reserve_bytes);
    proxy_->reload(config_);
    if (names_) names_->apply(*config_);
    webhooks_->apply(config_);
    if (auto applied = admin_->apply(config_); !applied) spdlog::error("reload: {}", applied.error().message);
  }

  void stop() {
    ready_ = false;
    admin_.reset();
    webhooks_.reset();
    if (proxy_) proxy_->stop(kGrace);
    proxy_.reset();
    store_.reset();
    ledger_.reset();
    access_log_.reset();
  }

  bool responsive() { return proxy_->responsive(); }
  void look_after_certificates() { proxy_->certificates().look_after(); }

  // A damaged environment is not used for longer than running answers take to end. What only the opening anew of a
  // sound one can cure has until no client is connected: they are served without it meanwhile.
  bool may_begin_anew() {
    const WallTime now = clock_.now();
    if (wanted_since_ == WallTime()) wanted_since_ = now;
    const bool damaged = std::any_of(kEnvironments.begin(), kEnvironments.end(), [this](const char* name) {
      return times_suspected(config_->storage.path / name) > 0;
    });
    return damaged || proxy_->counters().connections_open.value() == 0 || now - wanted_since_ > kQuietAwaited;
  }

  // What made larderd begin anew is forgotten once it has run well for a while.
  void look_after_environments() {
    if (trusted_ || clock_.now() - started_ < kGoodRun) return;
    trusted_ = true;
    for (const char* name : kEnvironments) trust(config_->storage.path / name);
  }

 private:
  admin::Sources sources() {
    return {*store_,
            *ledger_,
            clock_,
            [this] { return cache::Reader::make(*store_); },
            [this] {
              admin::LiveStatus live;
              live.version = LARDER_VERSION;
              live.started = started_;
              live.counters = proxy_->counters();
              for (const proxy::FillInfo& fill : proxy_->fills()) live.fills.push_back(copy(fill, clock_.now()));
              for (const proxy::OriginAtRest& origin : proxy_->origins_at_rest()) {
                live.origins_at_rest.push_back(copy(origin));
              }
              live.mismatches = proxy_->mismatches();
              return live;
            },
            [this] { return proxy_->knowledge(); },
            [this] { return ready_.load(); },
            &proxy_->certificates(),
            [this](const std::vector<std::string>& urls) { return proxy_->prefetch(urls); },
            [this] { return proxy_->prefetches(); },
            [this] { return proxy_->export_manifests(); },
            [this](std::vector<updates::MauRecord> records) { return proxy_->import_manifests(std::move(records)); },
            [this](const std::vector<std::string>& urls, std::chrono::milliseconds patience) {
              return proxy_->probe(urls, patience);
            },
            [this](const config::Address& client) { return proxy_->connections_of(client); },
            [this] { return proxy_->manifests(); }};
  }

  SystemClock clock_;
  WallTime started_;
  std::shared_ptr<const config::Config> config_;
  std::unique_ptr<cache::Store> store_;
  std::shared_ptr<proxy::ReverseNames> names_;      // null: nobody is asked
  std::unique_ptr<reports::AccessLog> access_log_;  // before the ledger, which tells it
  std::unique_ptr<reports::Ledger> ledger_;
  std::unique_ptr<proxy::Proxy> proxy_;
  std::unique_ptr<admin::Webhooks> webhooks_;
  std::unique_ptr<admin::AdminServer> admin_;
  std::atomic<bool> ready_{false};
  bool trusted_ = false;
  WallTime wanted_since_;  // that larderd begin anew; the epoch: not yet
};

int serve(std::shared_ptr<const config::Config> config) {
  const sigset_t signals = block_signals();
  if (auto confined = confine_kernel_calls(); !confined)
    spdlog::warn("{}; serving without one", confined.error().message);
  Daemon daemon(std::move(config));
  if (auto started = daemon.start(); !started) {
    spdlog::error("larderd cannot start: {}", started.error().message);
    daemon.stop();
    return kFailed;
  }
  spdlog::info("serving");
  sd_notify(0, "READY=1");
  for (;;) {
    const int signal = sigtimedwait(&signals, nullptr, &kSignalWait);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) {
      sd_notify(0, "RELOADING=1");
      daemon.reload();
      sd_notify(0, "READY=1");
    }
    if (daemon.responsive()) sd_notify(0, "WATCHDOG=1");
    daemon.look_after_environments();
    daemon.look_after_certificates();
    if (const std::string why = restart_wanted(); !why.empty() && daemon.may_begin_anew()) {
      spdlog::error("larderd begins anew: {}", why);
      daemon.stop();
      begin_anew();
      spdlog::error("larderd cannot begin anew by itself, and ends");
      return kFailed;
    }
  }
  spdlog::info("stopping");
  end_at_faults();
  sd_notify(0, "STOPPING=1");
  daemon.stop();
  return kGood;
}

// What the configuration alone does not tell: whether the administrator's certificate can be used, with its key, today.
// One that has expired is told of and no fault: whoever reloads for another reason should not be kept from it.
int check_certificate(const config::Config& config) {
  const std::string file = config.file.string();
  if (!config.tls.certificate.empty()) {
    const auto context = proxy::TlsContext::make({{config.tls.certificate, config.tls.key}});
    if (!context) {
      std::fprintf(stderr, "%s: tls.certificate: %s\n", file.c_str(), context.error().message.c_str());
      return kUsedWrongly;
    }
    const proxy::CertificateFacts& facts = (*context)->facts();
    const WallTime now = SystemClock().now();
    if (now < facts.not_before || now >= facts.not_after) {
      std::fprintf(stderr, "%s: tls.certificate: it is valid from %s to %s, not now: devices refuse it; renew it\n",
                   file.c_str(), to_rfc3339(facts.not_before).c_str(), to_rfc3339(facts.not_after).c_str());
    }
  }
  std::printf("%s: good\n", file.c_str());
  return kGood;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Larder: an update cache for Mac, iPhone and Office fleets.", "larderd");
  std::string file = "/etc/larder/larder.toml";
  bool check = false;
  app.add_option("--config", file, "the configuration file")->capture_default_str();
  app.add_flag("--check", check, "validate the configuration, print every problem, and exit (2 when there are any)");
  bool manual = false;
  app.add_flag("--man-page", manual, "print the manual page, larderd(8), in roff");
  app.set_version_flag("--version", "larderd " LARDER_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kGood : kUsedWrongly;
  }
  if (manual) {
    std::cout << larder::admin::man_page(app, 8, kAbout, "larder(1), larder.toml(5)");
    return kGood;
  }
  spdlog::set_default_logger(spdlog::stderr_color_mt("larderd"));
  const larder::config::Loaded loaded = larder::config::load_file(file);
  if (!loaded.config) {
    print(loaded.problems);
    return kUsedWrongly;
  }
  if (check) return check_certificate(*loaded.config);
  set_log_level(loaded.config->log.level);
  larder::guard_against_faults(argv);
  return serve(loaded.config);
}
