// SPDX-License-Identifier: MIT
#include "proxy/proxy.h"

#include <curl/curl.h>
#include <event2/thread.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "proxy/catalogue_keeper.h"
#include "proxy/catalogue_poll.h"
#include "proxy/client_table.h"
#include "proxy/device_desk.h"
#include "proxy/fill_desk.h"
#include "proxy/listener.h"
#include "proxy/loop.h"
#include "proxy/mau_publisher.h"
#include "proxy/origin_client.h"
#include "proxy/pass_desk.h"
#include "proxy/rate_clock.h"
#include "proxy/site.h"
#include "proxy/tunnel_desk.h"

namespace larder::proxy {
namespace {

constexpr unsigned kPagers = 2;
constexpr auto kDrainStep = std::chrono::milliseconds(20);

// In order of birth; destroyed in reverse.
class RunningProxy final : public Proxy {
 public:
  RunningProxy(std::shared_ptr<const config::Config> config, cache::Store& store, reports::Ledger& ledger,
               const Clock& clock)
      : config_(std::move(config)),
        origin_config_(*config_),
        origins_(config_->origins),
        clients_(room_for_clients(), clock),
        pager_(cache::Pager::start(store, kPagers)),
        origin_owned_(std::make_shared<EventThread>("origin")),
        origin_thread_(*origin_owned_),
        client_(std::make_unique<OriginClient>(origin_thread_, origin_config_, origins_, clock, counters_)),
        rate_clock_(origin_thread_.base(), clock, counters_, client_->line(), config_->rates),
        fills_(std::make_unique<FillDesk>(origin_owned_, *client_, store, ledger, clock, origin_config_, counters_)),
        prefetcher_(*fills_, origins_),
        poll_(std::make_unique<CataloguePoll>(origin_thread_, *fills_, origins_, config_->updates.poll)),
        passes_(std::make_unique<PassDesk>(origin_thread_, *client_, counters_)),
        tunnels_(std::make_unique<TunnelDesk>(origin_thread_, *client_)),
        keeper_(store, clock, origin_thread_, *fills_, config_->updates.catalogues,
                [this](const std::shared_ptr<const updates::Knowledge>& knowledge) {
                  for (const auto& loop : loops_) loop->teach(knowledge);
                  origin_thread_.post([this, knowledge] { fills_->teach(knowledge); });
                  const std::lock_guard lock(knowledge_mutex_);
                  knowledge_ = knowledge;
                }),
        manifests_(store, clock, origin_thread_, *fills_, config_->storage.path / "manifests", config_->updates,
                   [this](const updates::Url& url, updates::MauBytes document) {
                     keeper_.learn_published(url, std::move(document));
                   }),
        devices_(ledger, clock),
        probe_(origin_thread_, *client_, clock),
        site_{clock,          store,   *pager_,  ledger,    origins_, counters_,  clients_,
              origin_thread_, *fills_, *passes_, *tunnels_, keeper_,  manifests_, devices_},
        certificates_(clock, [this](const TlsContextPtr& context) {
          for (const auto& loop : loops_) loop->use_tls(context);
        }) {
    keeper_.publish_manifests_by(manifests_);
    fills_->on_learned([this](const cache::ObjectPtr& object) { keeper_.learn(object); });
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    std::vector<Loop*> all;
    for (unsigned i = 0; i < cores; ++i) {
      loops_.push_back(std::make_unique<Loop>(site_, config_, i));
      all.push_back(loops_.back().get());
    }
    for (const auto& loop : loops_) loop->share_with(all);
  }

  ~RunningProxy() override { stop(std::chrono::milliseconds(0)); }

  Status begin() {
    for (const auto* endpoints : {&config_->listen.http, &config_->listen.tls, &config_->listen.sni}) {
      for (const config::Endpoint& endpoint : *endpoints) {
        if (auto free = Listener::check_free(endpoint); !free) return free;
      }
    }
    if (auto applied = certificates_.apply(*config_); !applied) return applied;
    for (const auto& loop : loops_) {
      if (auto listening = loop->listen(config_->listen.http, ListenerKind::plain); !listening) return listening;
      if (auto listening = loop->listen(config_->listen.tls, ListenerKind::tls); !listening) return listening;
      if (auto listening = loop->listen(config_->listen.sni, ListenerKind::sni); !listening) return listening;
    }
    origin_thread_.start();
    fills_->start();
    keeper_.start();
    manifests_.start();
    poll_->start();
    devices_.start();
    for (const auto& loop : loops_) loop->start();
    running_ = true;
    return ok();
  }

  void stop(std::chrono::milliseconds grace) override {
    if (!running_) return;
    running_ = false;
    for (const auto& loop : loops_) loop->stop_accepting();
    const auto deadline = std::chrono::steady_clock::now() + grace;
    while (std::chrono::steady_clock::now() < deadline && busy()) std::this_thread::sleep_for(kDrainStep);
    for (const auto& loop : loops_) loop->stop();
    devices_.stop();
    manifests_.stop();
    keeper_.stop();
    origin_thread_.run([this] {
      fills_->stop();
      passes_->stop();
      tunnels_->stop();
      probe_.stop();
    });
    origin_thread_.stop();
    // The thread that owned them is gone; what the store still posts to it is dropped.
    tunnels_.reset();
    passes_.reset();
    poll_.reset();
    fills_.reset();
    client_.reset();
    pager_.reset();
  }

  void reload(std::shared_ptr<const config::Config> config) override {
    config_ = config;
    manifests_.apply(config->updates);
    for (const auto& loop : loops_) loop->reload(config);
    if (auto applied = certificates_.apply(*config); !applied) {
      spdlog::error("reload: {}; the certificate before stays in use", applied.error().message);
    }
    origin_thread_.post([this, config] {
      origin_config_.fills = config->fills;
      origin_config_.storage = config->storage;
      rate_clock_.apply(config->rates);
    });
  }

  bool responsive() override {
    const std::size_t threads = loops_.size() + 1;
    if (answered_.load() < threads) return false;
    answered_ = 0;
    for (const auto& loop : loops_) loop->thread.post([this] { ++answered_; });
    origin_thread_.post([this] { ++answered_; });
    return true;
  }

  CertificateDesk& certificates() override { return certificates_; }

  const Counters& counters() const override { return counters_; }

  std::shared_ptr<const updates::Knowledge> knowledge() const override {
    const std::lock_guard lock(knowledge_mutex_);
    return knowledge_;
  }

  std::vector<FillInfo> fills() override {
    std::vector<FillInfo> infos;
    if (running_) origin_thread_.run([&] { infos = fills_->list(); });
    return infos;
  }

  std::vector<Probed> probe(const std::vector<std::string>& urls, std::chrono::milliseconds patience) override {
    return probe_.probe(urls, patience);
  }

  std::uint32_t connections_of(const config::Address& client) override { return clients_.connections_of(client); }

  std::vector<Mismatch> mismatches() override {
    std::vector<Mismatch> list;
    if (running_) origin_thread_.run([&] { list = fills_->mismatches(); });
    return list;
  }

  Result<std::vector<Prefetch>> prefetch(const std::vector<std::string>& urls) override {
    Result<std::vector<Prefetch>> told = fail(ErrorKind::stopped, "Larder is stopping");
    if (running_) origin_thread_.run([&, known = knowledge()] { told = prefetcher_.add(urls, *known); });
    return told;
  }

  std::vector<Prefetch> prefetches() override {
    std::vector<Prefetch> list;
    if (running_) origin_thread_.run([&] { list = prefetcher_.list(); });
    return list;
  }

  std::vector<updates::MauRecord> export_manifests() override { return manifests_.records(); }
  MauTakenIn import_manifests(std::vector<updates::MauRecord> records) override {
    return manifests_.take_in(std::move(records));
  }
  std::vector<MauState> manifests() override { return manifests_.states(); }

  std::vector<OriginAtRest> origins_at_rest() override {
    std::vector<OriginAtRest> list;
    if (running_) origin_thread_.run([&] { list = client_->health().at_rest(); });
    return list;
  }

 private:
  bool busy() {
    return std::any_of(loops_.begin(), loops_.end(), [](const auto& loop) { return loop->busy() > 0; });
  }

  std::shared_ptr<const config::Config> config_;
  config::Config origin_config_;  // the origin thread's
  Counters counters_;
  OriginTable origins_;
  ClientTable clients_;
  std::unique_ptr<cache::Pager> pager_;
  std::shared_ptr<EventThread> origin_owned_;
  EventThread& origin_thread_;
  std::unique_ptr<OriginClient> client_;
  RateClock rate_clock_;
  std::unique_ptr<FillDesk> fills_;
  Prefetcher prefetcher_;
  std::unique_ptr<CataloguePoll> poll_;
  std::unique_ptr<PassDesk> passes_;
  std::unique_ptr<TunnelDesk> tunnels_;
  mutable std::mutex knowledge_mutex_;
  std::shared_ptr<const updates::Knowledge> knowledge_ = updates::Knowledge::empty();  // guarded by knowledge_mutex_
  CatalogueKeeper keeper_;
  MauPublisher manifests_;
  DeviceDesk devices_;
  OriginProbe probe_;
  Site site_;
  CertificateDesk certificates_;
  std::vector<std::unique_ptr<Loop>> loops_;
  std::atomic<bool> running_{false};
  std::atomic<std::size_t> answered_{SIZE_MAX};
};

}  // namespace

Result<std::unique_ptr<Proxy>> Proxy::start(std::shared_ptr<const config::Config> config, cache::Store& store,
                                            reports::Ledger& ledger, const Clock& clock) {
  evthread_use_pthreads();
  curl_global_init(CURL_GLOBAL_DEFAULT);
  auto proxy = std::make_unique<RunningProxy>(std::move(config), store, ledger, clock);
  if (auto begun = proxy->begin(); !begun) return std::move(begun).error();
  return std::unique_ptr<Proxy>(std::move(proxy));
}

}  // namespace larder::proxy
