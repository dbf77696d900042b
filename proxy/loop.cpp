// SPDX-License-Identifier: MIT
#include "proxy/loop.h"

#include <sys/socket.h>
#include <unistd.h>

#include "proxy/catalogue_keeper.h"
#include "proxy/connection.h"
#include "proxy/exchange.h"
#include "proxy/listener.h"
#include "proxy/own_order.h"
#include "proxy/tunnel.h"
#include "updates/recognise.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kRemembered = 8192;
// A fetch must be durable within a second of its end; the ledger commits within half of one.
constexpr auto kFlushRecords = std::chrono::milliseconds(100);
constexpr std::size_t kRecordsAtOnce = 256;
// Each connection's time is checked once a second, an eighth of them at a time: thousands of idle ones make nobody
// wait.
constexpr auto kTick = std::chrono::milliseconds(125);
constexpr std::size_t kTicks = 8;
// A request under way is as much work as so many quiet connections.
constexpr std::size_t kRunningWeight = 16;
// How often those who wait for their client's rate are looked at: a tenth of the burst a client may have.
constexpr auto kPace = std::chrono::milliseconds(20);

// Between host and target in what is remembered: a steered name means https where it was asked for over TLS.
char mark_of(ListenerKind kind) {
  return kind == ListenerKind::tls ? '\t' : '\n';
}

}  // namespace

// An accepted socket on its way to the loop that is to have it.
struct Loop::Newcomer {
  Newcomer(int of_fd, ClientTable::Seat of_seat, ListenerKind of_kind)
      : fd(of_fd), seat(std::move(of_seat)), kind(of_kind) {}
  Newcomer(const Newcomer&) = delete;
  Newcomer& operator=(const Newcomer&) = delete;
  ~Newcomer() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
  ClientTable::Seat seat;
  ListenerKind kind;
};

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
      pace_(thread.base(), [this] { go_on_paced(); }),
      flush_(thread.base(), [this] { flush_records(); }) {}

Loop::~Loop() = default;

Status Loop::listen(const std::vector<config::Endpoint>& endpoints, ListenerKind kind) {
  for (const config::Endpoint& endpoint : endpoints) {
    auto listener = Listener::open(thread.base(), endpoint,
                                   [this, kind](int fd, const config::Address& client) { accepted(fd, client, kind); });
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
    stopping_ = true;
    std::vector<Connection*> open;
    for (const auto& connection : connections_) open.push_back(connection.get());
    for (Connection* connection : open) connection->drain();
  });
}

void Loop::stop() {
  thread.run([this] {
    listeners_.clear();
    connections_.clear();
    closed_.clear();
    std::exchange(tunnels_, {}).clear();
    ended_tunnels_.clear();
    flush_records();
  });
  thread.stop();
}

std::size_t Loop::busy() {
  std::size_t count = 0;
  thread.run([&] {
    for (const auto& connection : connections_) count += connection->busy() ? 1 : 0;
  });
  return count;
}

void Loop::reload(std::shared_ptr<const config::Config> config) {
  thread.post([this, config = std::move(config)]() mutable { config_ = std::move(config); });
}

void Loop::use_tls(TlsContextPtr context) {
  thread.post([this, context = std::move(context)]() mutable { tls_ = std::move(context); });
}

void Loop::teach(std::shared_ptr<const updates::Knowledge> knowledge) {
  thread.post([this, knowledge = std::move(knowledge)]() mutable {
    knowledge_ = std::move(knowledge);
    asked_.clear();
    known_heads_.forget();
  });
}

// Fields other than Host that classify() looks at.
bool Loop::head_line_says_all(const RequestHead& head) {
  return head.method == "GET" && !head.has(FieldName::proxy_authorization) && !head.has(FieldName::max_forwards);
}

AskedPtr Loop::recall(const RequestHead& head, ListenerKind kind) {
  asking_.assign(head.host).append(1, mark_of(kind)).append(head.target);
  const auto found = asked_.find(asking_);
  return found != asked_.end() && head_line_says_all(head) ? found->second : nullptr;
}

AskedPtr Loop::understand(FetchTarget target, const RequestHead* head, ListenerKind kind) {
  const auto url = updates::Url::parse(target.url.key);
  auto asked = std::make_shared<Asked>();
  asked->what =
      std::make_shared<const updates::Recognition>(updates::recognise(url ? *url : target.url.origin, *knowledge_));
  const auto* rule = site.origins.find(target.url.origin.host, target.url.origin.port);
  asked->standard = rule != nullptr && is_standard(target.entrance, *rule);
  asked->name = asked->standard ? cache::NameClass::ordinary : name_class(asked->what->stability);
  asked->target = std::move(target);
  asked->subject = subject_of(asked->target.url.key, *asked->what);
  asked->knowledge = knowledge_;
  const updates::Recognition& what = *asked->what;
  if (what.listed && !what.product_key.empty() && what.version.empty() && what.kind != updates::Kind::catalogue) {
    site.catalogues.describe(what.product_key);
  }
  if (head != nullptr && head_line_says_all(*head) && !asked->target.mau) {
    if (asked_.size() >= kRemembered) asked_.clear();
    asking_.assign(head->host).append(1, mark_of(kind)).append(head->target);
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

void Loop::accepted(int fd, const config::Address& client, ListenerKind kind) {
  add(site.counters.connections_accepted);
  auto seat = site.clients.enter(client, *config_);
  if (!seat) {
    add(site.counters.connections_refused);
    ::close(fd);
    return;
  }
  if (seat->admission() == Admission::stranger) {
    add(site.counters.connections_refused);
  } else if (seat->admission() != Admission::welcome) {
    add(site.counters.connections_over_limit);
  }
  add(site.counters.connections_open);
  auto newcomer = std::make_shared<Newcomer>(fd, std::move(*seat), kind);
  Loop& to = lightest();
  if (&to == this) {
    adopt(*newcomer);
    return;
  }
  add(site.counters.connections_handed_over);
  to.coming_.fetch_add(1, std::memory_order_relaxed);
  to.thread.post([&to, newcomer] {
    to.coming_.fetch_sub(1, std::memory_order_relaxed);
    to.adopt(*newcomer);
  });
}

std::size_t Loop::load() const {
  return connected_.load(std::memory_order_relaxed) + coming_.load(std::memory_order_relaxed) +
         kRunningWeight * running_.load(std::memory_order_relaxed);
}

// The kernel spreads connections by a hash, which may put all who download at once on one loop. An eighth more than
// another has is not worth the way there.
Loop& Loop::lightest() {
  Loop* least = this;
  std::size_t least_load = load();
  for (Loop* loop : loops_) {
    const std::size_t its = loop->load();
    if (its + its / 8 < least_load) {
      least = loop;
      least_load = its;
    }
  }
  return *least;
}

void Loop::adopt(Newcomer& newcomer) {
  if (stopping_) {
    take(site.counters.connections_open);
    return;
  }
  if (newcomer.kind == ListenerKind::sni) {
    take(site.counters.connections_open);
    if (newcomer.seat.admission() != Admission::welcome) return;
    const std::uint64_t id = next_tunnel_++;
    auto& tunnel = tunnels_[id];
    tunnel = std::make_unique<Tunnel>(*this, id, std::exchange(newcomer.fd, -1), std::move(newcomer.seat));
    tunnel->begin();
    return;
  }
  std::unique_ptr<TlsStream> tls;
  if (newcomer.kind == ListenerKind::tls) {
    if (tls_) tls = TlsStream::accept(*tls_, newcomer.fd);
    if (!tls) {
      add(site.counters.tls_failures);
      take(site.counters.connections_open);
      return;
    }
  }
  const int fd = std::exchange(newcomer.fd, -1);
  connections_.push_back(std::make_unique<Connection>(*this, fd, std::move(newcomer.seat), std::move(tls)));
  connections_.back()->slot = connections_.size() - 1;
  connected_.store(connections_.size(), std::memory_order_relaxed);
}

// Beside its client's socket a tunnel has one to its origin.
bool Loop::room_for_tunnel() const {
  const std::uint64_t open = site.counters.tunnels_open.value();
  return open < config_->limits.tunnels && site.counters.connections_open.value() + 2 * open + 2 < site.clients.most();
}

void Loop::open_tunnel(TunnelOrder order) {
  const std::uint64_t id = next_tunnel_++;
  auto& tunnel = tunnels_[id];
  tunnel = std::make_unique<Tunnel>(*this, id, std::move(order));
  tunnel->begin();
}

Tunnel* Loop::tunnel(std::uint64_t id) {
  const auto found = tunnels_.find(id);
  return found == tunnels_.end() ? nullptr : found->second.get();
}

void Loop::end_tunnel(std::uint64_t id) {
  const auto found = tunnels_.find(id);
  if (found == tunnels_.end()) return;
  if (ended_tunnels_.empty()) thread.post([this] { ended_tunnels_.clear(); });
  ended_tunnels_.push_back(std::move(found->second));
  tunnels_.erase(found);
}

void Loop::running(int change) {
  running_.store(running_.load(std::memory_order_relaxed) + static_cast<std::size_t>(change),
                 std::memory_order_relaxed);
}

void Loop::wait_for_pace(Connection& connection) {
  if (paced_.empty()) pace_.after(kPace);
  paced_.push_back(&connection);
}

// Who could be sent something goes behind those who could not, or the first would have it all.
void Loop::go_on_paced() {
  std::vector<Connection*> round = std::exchange(paced_, {});
  std::vector<Connection*> fed;
  for (Connection* connection : round) {
    const std::uint64_t before = connection->sent_bytes();
    connection->pace_allows();
    if (connection->sent_bytes() == before || paced_.empty() || paced_.back() != connection) continue;
    paced_.pop_back();
    fed.push_back(connection);
  }
  paced_.insert(paced_.end(), fed.begin(), fed.end());
  if (!paced_.empty()) pace_.after(kPace);
}

void Loop::close(Connection& connection) {
  take(site.counters.connections_open);
  if (connection.waits_for_pace()) std::erase(paced_, &connection);
  if (closed_.empty()) thread.post([this] { closed_.clear(); });
  const std::size_t slot = connection.slot;
  closed_.push_back(std::move(connections_[slot]));
  if (slot + 1 != connections_.size()) {
    connections_[slot] = std::move(connections_.back());
    connections_[slot]->slot = slot;
  }
  connections_.pop_back();
  connected_.store(connections_.size(), std::memory_order_relaxed);
}

void Loop::wake(ReaderId exchange) {
  const auto found = waiting_.find(exchange);
  if (found == waiting_.end()) return;
  const std::function<void()> wake = std::move(found->second);
  waiting_.erase(found);
  wake();
}

// A connection that closes meanwhile has the last one put in its place: that one is checked next, or a second later.
void Loop::tick() {
  const SteadyTime now = site.clock.steady();
  for (std::size_t left = (connections_.size() + kTicks - 1) / kTicks; left > 0 && !connections_.empty(); --left) {
    if (next_checked_ >= connections_.size()) next_checked_ = 0;
    connections_[next_checked_++]->check_time(now);
  }
  if (++ticks_ % kTicks == 0 && !tunnels_.empty()) {
    std::vector<Tunnel*> all;
    all.reserve(tunnels_.size());
    for (const auto& [id, tunnel] : tunnels_) all.push_back(tunnel.get());
    for (Tunnel* tunnel : all) tunnel->check_time(now);
  }
  tick_.after(kTick);
}

}  // namespace larder::proxy
