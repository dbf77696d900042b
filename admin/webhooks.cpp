// SPDX-License-Identifier: MIT
#include "admin/webhooks.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <future>
#include <mutex>
#include <random>
#include <set>
#include <span>
#include <thread>
#include <utility>

#include "admin/event_eyes.h"
#include "admin/event_watch.h"
#include "admin/hook_queue.h"
#include "admin/hook_record.h"
#include "admin/json.h"
#include "admin/kept_file.h"
#include "admin/own_name.h"
#include "base/digest.h"
#include "base/thread.h"
#include "config/webhook_keys.h"

namespace larder::admin {
namespace {

constexpr std::chrono::seconds kLook{2};
// Products and versions of all vendors reach some megabytes.
constexpr std::size_t kMemoryBytes = std::size_t{64} * 1024 * 1024;
constexpr std::size_t kDirectoryDigits = 32;

// A webhook's queue is known by its URL, which no name of a file tells.
std::string directory_of(const std::string& url) {
  return Sha256::of(std::as_bytes(std::span(url.data(), url.size()))).hex().substr(0, kDirectoryDigits);
}

bool wants(const config::Webhook& hook, const std::string& event) {
  return hook.events.empty() || std::find(hook.events.begin(), hook.events.end(), event) != hook.events.end();
}

struct Hook {
  config::Webhook config;
  HookQueue queue;
  HookRecord record;
};

class Service final : public Webhooks {
 public:
  Service(const Sources& sources, std::shared_ptr<const config::Config> config)
      : sources_(sources), directory_(config->storage.path / "webhooks"), eyes_(sources_) {
    take(std::move(config));
    remove_strangers();
    watcher_ = std::thread([this] { watch(); });
    sender_ = std::thread([this] { send(); });
  }

  ~Service() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    watcher_.join();
    sender_.join();
  }

  void apply(std::shared_ptr<const config::Config> config) override {
    take(std::move(config));
    remove_strangers();
    wake_.notify_all();
  }

  std::vector<HookState> states() const override {
    const std::lock_guard lock(mutex_);
    const WallTime now = sources_.clock.now();
    std::vector<HookState> states;
    for (const auto& hook : hooks_) {
      const HookRecord& record = hook->record;
      states.push_back({states.size() + 1, config::masked_url(hook->config.url), hook->config.format,
                        !hook->config.secret_file.empty(), hook->config.events, hook->queue.size(), record.delivered(),
                        hook->queue.dropped(), record.given_up(), record.last_success(), record.last_failure(),
                        record.failing_since(), record.why(), record.in_trouble(now)});
    }
    return states;
  }

  Result<std::vector<HookTest>> test(const std::string& which) override {
    std::vector<HookTest> tests;
    std::vector<HookCall> calls;
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 0; i < hooks_.size(); ++i) {
        const std::string& url = hooks_[i]->config.url;
        const std::string shown = config::masked_url(url);
        if (!which.empty() && which != url && which != shown && which != std::to_string(i + 1)) continue;
        tests.push_back({i + 1, shown, {}});
        calls.push_back(call(hooks_[i]->config, test_event()));
      }
    }
    if (tests.empty()) {
      return fail(ErrorKind::not_found, which.empty()
                                            ? "no webhook is configured; add [[webhooks.hook]] to larder.toml"
                                            : "no webhook of larder.toml is that one; `larder webhooks` lists them");
    }
    std::vector<std::future<HookOutcome>> outcomes;
    for (const HookCall& each : calls) {
      outcomes.push_back(std::async(std::launch::async,
                                    [this, &each] { return post_to_hook(each, sources_.clock.now(), stopping_); }));
    }
    for (std::size_t i = 0; i < tests.size(); ++i) tests[i].outcome = outcomes[i].get();
    return tests;
  }

 private:
  using Hooks = std::vector<std::shared_ptr<Hook>>;

  // A webhook whose URL stays keeps its queue and its record.
  void take(std::shared_ptr<const config::Config> config) {
    const std::lock_guard lock(mutex_);
    Hooks hooks;
    for (const config::Webhook& named : config->webhooks.hooks) {
      const auto same =
          std::find_if(hooks_.begin(), hooks_.end(), [&](const auto& hook) { return hook->config.url == named.url; });
      if (same != hooks_.end()) {
        (*same)->config = named;
        hooks.push_back(*same);
      } else {
        hooks.push_back(std::make_shared<Hook>(Hook{named, HookQueue(directory_ / directory_of(named.url)), {}}));
      }
    }
    hooks_ = std::move(hooks);
    config_ = std::move(config);
  }

  void remove_strangers() {
    const std::lock_guard lock(mutex_);
    std::set<std::string> ours;
    for (const auto& hook : hooks_) ours.insert(directory_of(hook->config.url));
    std::vector<std::filesystem::path> strangers;
    std::error_code error;
    for (std::filesystem::directory_iterator each(directory_, error), end; !error && each != end;
         each.increment(error)) {
      if (each->is_directory(error) && !ours.contains(each->path().filename().string())) {
        strangers.push_back(each->path());
      }
    }
    for (const auto& stranger : strangers) std::filesystem::remove_all(stranger, error);
  }

  HookCall call(const config::Webhook& hook, Event event) const {
    return {hook, config_->origins.proxy, config_->origins.ca_file, std::move(event)};
  }

  Event test_event() const {
    return {new_event_id(),
            "test",
            to_rfc3339(sources_.clock.now()),
            plain(own_name(*config_)),
            "info",
            "This is a test of a webhook of Larder. Nothing has happened.",
            {}};
  }

  // ---- `events` ----

  void watch() {
    name_this_thread("events");
    remember();
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const auto config = config_;
      lock.unlock();
      if (config->webhooks.hooks.empty()) {
        forget();
      } else {
        look(*config);
      }
      lock.lock();
      wake_.wait_for(lock, kLook, [this] { return stopping_.load(); });
    }
  }

  void look(const config::Config& config) {
    try {
      tell(watch_.look(eyes_.look(config)));
    } catch (const std::exception& failure) {
      spdlog::error("webhooks: a defect in Larder: {}", failure.what());
    }
  }

  std::filesystem::path memory_file() const { return directory_ / "memory.json"; }

  // What a crash has kept from the queues enters them now.
  void remember() {
    const auto bytes = read_kept_file(memory_file(), kMemoryBytes);
    if (!bytes) return;
    const Json json = Json::parse(*bytes, nullptr, false);
    if (!json.is_object() || !json.contains("seen") || !json.contains("unsent")) return;
    watch_ = EventWatch(json["seen"].dump());
    std::vector<Event> events;
    for (const Json& each : json["unsent"]) {
      if (auto event = parse_event(each.dump())) events.push_back(std::move(*event));
    }
    put_into_queues(events);
    if (!events.empty()) keep_memory({});
  }

  // Without a webhook nothing is watched; whoever adds one later starts from what there is then.
  void forget() {
    if (std::exchange(forgotten_, true)) return;
    watch_ = EventWatch();
    eyes_ = EventEyes(sources_);
    std::error_code error;
    std::filesystem::remove(memory_file(), error);
  }

  void tell(const std::vector<Event>& events) {
    forgotten_ = false;
    unkept_ = watch_.take_changed() || unkept_;
    if (unkept_) keep_memory(events);
    if (events.empty()) return;
    put_into_queues(events);
    keep_memory({});
  }

  void keep_memory(const std::vector<Event>& unsent) {
    Json json{{"seen", Json::parse(watch_.memory())}, {"unsent", Json::array()}};
    for (const Event& event : unsent) json["unsent"].push_back(Json::parse(event_json(event)));
    const auto kept = keep_file(memory_file(), dumped(json));
    if (!kept && !unkept_said_)
      spdlog::warn("webhooks: events may be told again after a restart: {}", kept.error().message);
    unkept_said_ = !kept;
    unkept_ = !kept;
  }

  void put_into_queues(const std::vector<Event>& events) {
    {
      const std::lock_guard lock(mutex_);
      for (const Event& event : events) {
        spdlog::debug("webhooks: {}: {}", event.name, event.text);
        for (const auto& hook : hooks_) {
          if (wants(hook->config, event.name)) hook->queue.add(event, sources_.clock.now());
        }
      }
    }
    wake_.notify_all();
  }

  // ---- `hooks` ----

  void send() {
    name_this_thread("hooks");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      const auto hook = next_hook();
      const SteadyTime now = sources_.clock.steady();
      if (hook == nullptr) {
        wake_.wait(lock);
      } else if (hook->record.next_try() > now) {
        wake_.wait_for(lock, hook->record.next_try() - now);
      } else {
        send_first_of(*hook, lock);
      }
    }
  }

  // The one that is to be tried first, of those for which something waits.
  std::shared_ptr<Hook> next_hook() const {
    std::shared_ptr<Hook> next;
    for (const auto& hook : hooks_) {
      if (hook->queue.empty()) continue;
      if (next == nullptr || hook->record.next_try() < next->record.next_try()) next = hook;
    }
    return next;
  }

  void send_first_of(Hook& hook, std::unique_lock<std::mutex>& lock) {
    const HookQueue::Waiting waiting = hook.queue.first();
    const HookCall sent = call(hook.config, waiting.event);
    lock.unlock();
    const HookOutcome outcome = post_to_hook(sent, sources_.clock.now(), stopping_);
    lock.lock();
    if (stopping_ && outcome.kind != HookOutcome::Kind::delivered) return;  // it waits for the next start
    const bool was_well = hook.record.failing_since() == WallTime();
    const auto verdict = hook.record.note(outcome, waiting.since, {sources_.clock.now(), sources_.clock.steady()},
                                          std::uniform_real_distribution<double>(0, 1)(random_));
    const std::string shown = config::masked_url(sent.hook.url);
    if (verdict == HookRecord::Verdict::given_up) {
      spdlog::warn("webhook {}: {} was not told and is given up: {}", shown, waiting.event.name, outcome.why);
    } else if (verdict == HookRecord::Verdict::again && was_well) {
      spdlog::warn("webhook {}: {}; it is tried again for a day", shown, outcome.why);
    }
    // A full queue may have dropped it meanwhile.
    const bool still_first = !hook.queue.empty() && hook.queue.first().since == waiting.since;
    if (verdict != HookRecord::Verdict::again && still_first) hook.queue.remove_first();
  }

  const Sources sources_;
  const std::filesystem::path directory_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stopping_{false};             // set under mutex_
  std::shared_ptr<const config::Config> config_;  // guarded by mutex_
  Hooks hooks_;                                   // guarded by mutex_
  // ---- of `events` ----
  EventEyes eyes_;
  EventWatch watch_;
  bool forgotten_ = false;
  bool unkept_ = false;  // something was learnt that is not on the disk
  bool unkept_said_ = false;
  // ---- of `hooks` ----
  std::minstd_rand random_{std::random_device{}()};
  std::thread watcher_;
  std::thread sender_;
};

}  // namespace

std::unique_ptr<Webhooks> Webhooks::start(const Sources& sources, std::shared_ptr<const config::Config> config) {
  return std::make_unique<Service>(sources, std::move(config));
}

}  // namespace larder::admin
