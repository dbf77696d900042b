// SPDX-License-Identifier: MIT
#include "admin/server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include "admin/audit.h"
#include "admin/connection.h"
#include "admin/gate.h"
#include "admin/handlers.h"
#include "admin/limits.h"
#include "admin/listener.h"
#include "admin/live_feed.h"
#include "admin/request_rate.h"
#include "admin/routes.h"
#include "admin/slow_refusals.h"
#include "admin/workers.h"
#include "base/digest.h"
#include "proxy/event_thread.h"

namespace larder::admin {
namespace {

using proxy::EventThread;

// The way back to the server's thread for answers that come late: from a worker, or from the store long after the
// server has gone.
class WayBack {
 public:
  explicit WayBack(EventThread& thread) : thread_(&thread) {}
  void post(EventThread::Task task) {
    const std::lock_guard lock(mutex_);
    if (thread_ != nullptr) thread_->post(std::move(task));
  }
  void close() {
    const std::lock_guard lock(mutex_);
    thread_ = nullptr;
  }

 private:
  std::mutex mutex_;
  EventThread* thread_;  // guarded by mutex_; null once closed
};

class Server final : public AdminServer {
 public:
  Server(const Sources& sources, std::shared_ptr<const config::Config> config)
      : clock_(sources.clock),
        desk_(std::make_shared<Desk>(
            Desk{sources, std::make_shared<Verification>(sources.clock), std::make_shared<std::mutex>(),
                 std::move(config), sources.audit.empty() ? nullptr : std::make_shared<Audit>(sources.audit, clock_)})),
        thread_("admin"),
        way_back_(std::make_shared<WayBack>(thread_)),
        workers_(std::make_unique<Workers>(kWorkers)),
        refusals_(std::make_unique<SlowRefusals>(thread_.base(),
                                                 [this](Id id, const Response& response) { answer(id, response); })),
        beat_(std::make_unique<proxy::Timer>(thread_.base(), [this] { tell_watchers(); })) {}

  // Clients first: once they are gone nothing asks the workers any more.
  ~Server() override {
    if (running_) thread_.run([this] { leave(); });
    workers_.reset();
    if (running_) record_own("stop");
    way_back_->close();
    thread_.stop();
  }

  Status open() {
    for (const auto& endpoint : desk_->config->listen.admin) {
      auto listener = Listener::open(thread_.base(), endpoint, [this](int fd) { accepted(fd); });
      if (!listener) return listener.error();
      listening_.push_back((*listener)->endpoint());
      listeners_.push_back(std::move(*listener));
    }
    auto gate = Gate::open(desk_->config->access, listening_);
    if (!gate) return gate.error();
    gate_ = std::make_unique<Gate>(std::move(*gate));
    thread_.start();
    running_ = true;
    version_ = desk_->sources.live().version;
    record_own("start");
    return ok();
  }

  Status apply(std::shared_ptr<const config::Config> config) override {
    auto gate = Gate::open(config->access, listening_);
    if (!gate) return gate.error();
    thread_.run([&] {
      *gate_ = std::move(*gate);
      desk_ = std::make_shared<Desk>(
          Desk{desk_->sources, desk_->verification, desk_->examining, std::move(config), desk_->audit});
      for (const Id id : std::set<Id>(watchers_))
        connections_.at(id)->close();  // they come again, through the new gate
      record_own("reload");
    });
    return ok();
  }

  std::vector<config::Endpoint> listening() const override { return listening_; }

 private:
  using Id = std::uint64_t;

  void leave() {
    leaving_ = true;
    beat_.reset();
    refusals_.reset();
    listeners_.clear();
    connections_.clear();
  }

  void accepted(int fd) {
    if (open_ >= kConnections && !close_longest_idle() && !close_refused()) {
      ::close(fd);
      return;
    }
    const Id id = next_id_++;
    const config::Address peer = peer_of(fd);
    Connection::Events events{[this, id, peer](Request request) {
                                request.peer = peer;
                                take(id, std::move(request));
                              },
                              [this](const Request& request) { return most_body(request); },
                              [this, peer](Request request, const Response& response) {
                                request.peer = peer;
                                record_refused(request, response);
                              },
                              [this, id] { gone(id); }};
    ++open_;
    connections_.emplace(id, std::make_unique<Connection>(thread_.base(), fd, clock_, std::move(events)))
        .first->second->begin();
  }

  // The connection is still on the stack: it goes with the next turn.
  void gone(Id id) {
    --open_;
    watchers_.erase(id);
    if (leaving_) return;
    refusals_->forget(id);
    thread_.post([this, id] { connections_.erase(id); });
  }

  bool close_longest_idle() {
    Connection* longest = nullptr;
    for (const auto& [id, connection] : connections_) {
      if (!connection->idle()) continue;
      if (longest == nullptr || connection->idle_since() < longest->idle_since()) longest = connection.get();
    }
    if (longest != nullptr) longest->close();
    return longest != nullptr;
  }

  bool close_refused() {
    const auto first = refusals_->first();
    if (first) connections_.at(*first)->close();
    return first.has_value();
  }

  void take(Id id, Request request) {
    auto match = find_route(request.method, request.path);
    const bool health = match.route != nullptr && match.route->handle == report_health;
    if (!health && !rate_.take(request.peer, clock_.steady())) {
      Response often = problem(429, "more requests came from this address than are answered; ask less often");
      record_refused(request, often);
      return refusals_->hold(id, std::move(often));
    }
    if (match.route == nullptr) return answer(id, unknown(request, match));
    if (const auto refused = gate_->refusal(*match.route, request)) return refuse(id, request, *refused);
    request.parameter = std::move(match.parameter);
    if (match.route->where == Where::stream) {
      return match.route->handle(*desk_, request, [&](const Response& response) { stream(id, response); });
    }
    if (match.route->where == Where::here) {
      return match.route->handle(*desk_, request, [&](const Response& response) { answer(id, response); });
    }
    const bool reads = match.route->method == "GET";
    Reply reply = [this, id, way_back = way_back_, reads, known = request.if_none_match](Response response) {
      if (reads && response.status == 200) tag(response, known);
      way_back->post([this, id, response = std::move(response)] { answer(id, response); });
    };
    std::optional<AuditEntry> order;
    if (desk_->audit != nullptr && is_order(*match.route)) order = entry_of(*match.route, request, permitted());
    if (order) reply = recorded(*order, std::move(reply));
    const bool posted = workers_->post([desk = desk_, route = match.route, request = std::move(request), reply] {
      try {
        route->handle(*desk, request, reply);
      } catch (const std::exception& failure) {
        reply(problem(500, std::string("a defect in Larder: ") + failure.what()));
      }
    });
    if (posted) return;
    const Response busy = problem(503, "too many requests are being answered; ask again in a second");
    if (order) desk_->audit->add_refused(with_answer(*order, busy));
    answer(id, busy);
  }

  void refuse(Id id, const Request& request, const Response& response) {
    record_refused(request, response);
    answer(id, response);
  }

  // An order that nobody has looked at.
  void record_refused(const Request& request, const Response& response) const {
    const auto match = find_route(request.method, request.path);
    if (desk_->audit == nullptr || match.route == nullptr || !is_order(*match.route)) return;
    const std::string who = gate_->refusal(*match.route, request) ? "nobody" : permitted();
    desk_->audit->add_refused(with_answer(entry_of(*match.route, request, who), response));
  }

  // Who gives an order that the gate lets pass.
  std::string permitted() const { return desk_->config->access.admin_token_file.empty() ? "no_token" : "admin_token"; }

  // Answers when the order and its outcome are on record.
  Reply recorded(const AuditEntry& order, Reply reply) const {
    return [audit = desk_->audit, clock = &clock_, began = clock_.steady(), entry = order,
            reply = std::move(reply)](Response response) {
      AuditEntry ended = with_answer(entry, response);
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock->steady() - began);
      ended.milliseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(0, took.count()));
      audit->add(std::move(ended), [reply, response = std::move(response)] { reply(response); });
    };
  }

  void record_own(const char* what) {
    if (desk_->audit == nullptr) return;
    AuditEntry entry;
    entry.who = "larderd";
    entry.what = what;
    entry.order = "larderd " + version_;
    desk_->audit->add(std::move(entry), {});
  }

  // Only whoever may give an order may send much for it.
  std::size_t most_body(const Request& request) const {
    const auto match = find_route(request.method, request.path);
    return match.route != nullptr && !gate_->refusal(*match.route, request) ? match.route->body_bytes : kBodyBytes;
  }

  void stream(Id id, const Response& response) {
    if (response.status != 200) return answer(id, response);
    if (watchers_.size() >= kWatchers) {
      return answer(id, problem(503, "too many live views are open; close some, or ask /api/v1/fills"));
    }
    const auto found = connections_.find(id);
    if (found == connections_.end()) return;
    watchers_.insert(id);
    found->second->stream(response);
    if (!telling_) tell_watchers();
  }

  // Once a second while anybody watches. What is told may wait for other threads, so a worker finds it out.
  void tell_watchers() {
    telling_ = !watchers_.empty();
    if (!telling_) return;
    const bool posted = workers_->post([this, desk = desk_, feed = feed_, way_back = way_back_] {
      std::string event = feed->event(desk->sources.live(), desk->sources.clock.now(), desk->sources.clock.steady());
      way_back->post([this, event = std::move(event)] {
        for (const Id id : std::set<Id>(watchers_)) connections_.at(id)->send_part(event);
        if (beat_ != nullptr) beat_->after(kLiveBeat);
      });
    });
    if (!posted) beat_->after(kLiveBeat);
  }

  // What the client has already is not sent again. On the worker: a digest of a long report takes its time.
  static void tag(Response& response, const std::string& known) {
    const Digest digest = Sha256::of(std::as_bytes(std::span(response.body.data(), response.body.size())));
    const std::string tag = "\"" + digest.hex().substr(0, 24) + "\"";
    response.fields.emplace_back("ETag", tag);
    if (known.find(tag) == std::string::npos) return;
    response.status = 304;
    response.body.clear();
  }

  static config::Address peer_of(int fd) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size);  // of a client that has gone: ::
    return config::Address::from(reinterpret_cast<const sockaddr&>(address));
  }

  static Response unknown(const Request& request, const Match& match) {
    if (match.allow.empty()) {
      return problem(404, "there is nothing at " + request.path + "; admin/openapi.yaml lists what there is");
    }
    Response refused = problem(405, request.method + " means nothing here; use " + match.allow);
    refused.fields.emplace_back("Allow", match.allow);
    return refused;
  }

  void answer(Id id, const Response& response) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) found->second->answer(response);
  }

  const Clock& clock_;
  std::shared_ptr<const Desk> desk_;  // the thread's, after start
  std::unique_ptr<Gate> gate_;        // the thread's, after start
  EventThread thread_;
  std::shared_ptr<WayBack> way_back_;
  std::unique_ptr<Workers> workers_;
  std::vector<config::Endpoint> listening_;
  bool running_ = false;
  std::string version_;
  // ---- the thread's ----
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<Id, std::unique_ptr<Connection>> connections_;
  std::size_t open_ = 0;  // of connections_; the others are closed and about to go
  Id next_id_ = 1;
  bool leaving_ = false;
  RequestRate rate_;
  std::unique_ptr<SlowRefusals> refusals_;
  std::set<Id> watchers_;  // the connections that are live views
  bool telling_ = false;   // a beat is due, or a worker is finding out what to tell
  const std::shared_ptr<LiveFeed> feed_ = std::make_shared<LiveFeed>();  // the worker's that tells
  std::unique_ptr<proxy::Timer> beat_;
};

}  // namespace

Result<std::unique_ptr<AdminServer>> AdminServer::start(const Sources& sources,
                                                        std::shared_ptr<const config::Config> config) {
  auto server = std::make_unique<Server>(sources, std::move(config));
  if (auto opened = server->open(); !opened) return std::move(opened).error().with_context("the administration");
  return std::unique_ptr<AdminServer>(std::move(server));
}

}  // namespace larder::admin
