// SPDX-License-Identifier: MIT
#include "proxy/loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "base/limits.h"
#include "proxy/connection.h"
#include "proxy/exchange.h"
#include "proxy/listener.h"
#include "updates/recognise.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kRemembered = 8192;
// A fetch must be durable within a second of its end; the ledger commits within half of one.
constexpr auto kFlushRecords = std::chrono::milliseconds(100);
constexpr std::size_t kRecordsAtOnce = 256;
constexpr auto kTick = std::chrono::seconds(1);

cache::NameClass name_class(updates::NameStability stability) {
  switch (stability) {
    case updates::NameStability::immutable:
      return cache::NameClass::immutable;
    case updates::NameStability::mutable_name:
      return cache::NameClass::mutable_name;
    case updates::NameStability::ordinary:
      return cache::NameClass::ordinary;
  }
  return cache::NameClass::ordinary;
}

}  // namespace

Loop::Loop(Site& site_in, std::shared_ptr<const config::Config> config, unsigned number)
    : site(site_in),
      // A client that has had its turn waits for the next: taken out of epoll and put back between two waits, it costs
      // no call to the kernel.
      thread("loop-" + std::to_string(number), EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST),
      config_(std::move(config)),
      reader_(cache::Reader::make(site_in.store)),
      mirrors_([this](FillId fill, cache::ChunkIndex chunk) {
        site.origin_thread.post([&all = site, fill, chunk] { all.fills.need(fill, chunk); });
      }),
      port_(thread, mirrors_),
      tick_(thread.base(), [this] { tick(); }),
      flush_(thread.base(), [this] { flush_records(); }) {}

Loop::~Loop() = default;

Status Loop::listen(const std::vector<config::Endpoint>& endpoints) {
  for (const config::Endpoint& endpoint : endpoints) {
    auto listener = Listener::open(thread.base(), endpoint,
                                   [this](int fd, const config::Address& client) { accepted(fd, client); });
    if (!listener) return std::move(listener).error();
    listeners_.push_back(std::move(*listener));
  }
  return ok();
}

void Loop::start() {
  tick_.after(kTick);
  thread.start();
}

void Loop::stop_accepting() {
  thread.post([this] {
    listeners_.clear();
    std::vector<Connection*> open;
    for (const auto& [connection, owned] : connections_) open.push_back(connection);
    for (Connection* connection : open) connection->drain();
  });
}

void Loop::stop() {
  thread.run([this] {
    listeners_.clear();
    connections_.clear();
    closed_.clear();
    flush_records();
  });
  thread.stop();
}

std::size_t Loop::busy() {
  std::size_t count = 0;
  thread.run([&] {
    for (const auto& [connection, owned] : connections_) count += connection->busy() ? 1 : 0;
  });
  return count;
}

void Loop::reload(std::shared_ptr<const config::Config> config) {
  thread.post([this, config = std::move(config)]() mutable { config_ = std::move(config); });
}

void Loop::teach(std::shared_ptr<const updates::Knowledge> knowledge) {
  thread.post([this, knowledge = std::move(knowledge)]() mutable {
    knowledge_ = std::move(knowledge);
    asked_.clear();
  });
}

// Fields other than Host that classify() looks at.
bool Loop::head_line_says_all(const RequestHead& head) {
  return head.method == "GET" && !head.has("Proxy-Authorization") && !head.has("Max-Forwards");
}

AskedPtr Loop::recall(const RequestHead& head) {
  asking_.assign(head.host).append(1, '\n').append(head.target);
  const auto found = asked_.find(asking_);
  return found != asked_.end() && head_line_says_all(head) ? found->second : nullptr;
}

AskedPtr Loop::understand(FetchTarget target, const RequestHead* head) {
  const auto url = updates::Url::parse(target.url.key);
  auto asked = std::make_shared<Asked>();
  asked->what =
      std::make_shared<const updates::Recognition>(updates::recognise(url ? *url : target.url.origin, *knowledge_));
  const auto* rule = site.origins.find(target.url.origin.host, target.url.origin.port);
  // What Apple's and Windows' own protocols ask for is an update, whoever's host it lies on.
  const bool as_named = target.entrance == reports::Entrance::proxy || target.entrance == reports::Entrance::steered;
  asked->standard = as_named && rule != nullptr && !rule->knows_updates;
  asked->name = asked->standard ? cache::NameClass::ordinary : name_class(asked->what->stability);
  asked->target = std::move(target);
  asked->subject = subject_of(asked->target.url.key, *asked->what);
  asked->knowledge = knowledge_;
  if (head != nullptr && head_line_says_all(*head) && !asked->target.mau) {
    if (asked_.size() >= kRemembered) asked_.clear();
    asking_.assign(head->host).append(1, '\n').append(head->target);
    asked_.emplace(asking_, asked);
  }
  return asked;
}

AskedPtr Loop::understand_again(const AskedPtr& asked) {
  return asked->knowledge == knowledge_ ? asked : understand(asked->target, nullptr);
}

AgentPtr Loop::agent(std::string_view user_agent) {
  if (const auto found = agents_.find(user_agent); found != agents_.end()) return found->second;
  if (agents_.size() >= kRemembered) agents_.clear();
  auto facts = std::make_shared<const updates::AgentFacts>(updates::read_user_agent(user_agent));
  agents_.emplace(user_agent, facts);
  return facts;
}

void Loop::record(reports::FetchRecord record) {
  records_.push_back(std::move(record));
  if (records_.size() >= kRecordsAtOnce) {
    flush_records();
  } else if (!flush_due_) {
    flush_due_ = true;
    flush_.after(kFlushRecords);
  }
}

void Loop::flush_records() {
  flush_due_ = false;
  if (records_.empty()) return;
  site.ledger.record(std::exchange(records_, {}));
  records_.reserve(kRecordsAtOnce);
}

void Loop::accepted(int fd, const config::Address& client) {
  add(site.counters.connections_accepted);
  if (connections_.size() >= limits::kClientsPerLoop) {
    add(site.counters.connections_refused);
    ::close(fd);
    return;
  }
  const auto& networks = config_->access.clients;
  const bool allowed = std::any_of(networks.begin(), networks.end(),
                                   [&](const config::Network& network) { return network.contains(client); });
  if (!allowed) add(site.counters.connections_refused);
  add(site.counters.connections_open);
  auto connection = std::make_unique<Connection>(*this, fd, client, allowed);
  connections_.emplace(connection.get(), std::move(connection));
}

void Loop::close(Connection& connection) {
  const auto found = connections_.find(&connection);
  if (found == connections_.end()) return;
  take(site.counters.connections_open);
  if (closed_.empty()) thread.post([this] { closed_.clear(); });
  closed_.push_back(std::move(found->second));
  connections_.erase(found);
}

void Loop::wake(ReaderId exchange) {
  const auto found = waiting_.find(exchange);
  if (found == waiting_.end()) return;
  const std::function<void()> wake = std::move(found->second);
  waiting_.erase(found);
  wake();
}

void Loop::tick() {
  const SteadyTime now = site.clock.steady();
  std::vector<Connection*> open;
  open.reserve(connections_.size());
  for (const auto& [connection, owned] : connections_) open.push_back(connection);
  for (Connection* connection : open) connection->check_time(now);
  tick_.after(kTick);
}

}  // namespace larder::proxy
