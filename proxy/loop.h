// SPDX-License-Identifier: MIT
// Loop: one of the threads that accept clients, look up and send. It waits for nothing but its events.
// Threads: everything is the loop's own, except start(), stop() and what is said of others.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/reader.h"
#include "config/config.h"
#include "proxy/asked.h"
#include "proxy/client_table.h"
#include "proxy/event_thread.h"
#include "proxy/fill_desk.h"
#include "proxy/fill_mirror.h"
#include "proxy/known_heads.h"
#include "proxy/pass_desk.h"
#include "proxy/pipe_pool.h"
#include "proxy/response_head.h"
#include "proxy/site.h"
#include "proxy/tls_context.h"

namespace larder::proxy {

class Connection;
class Listener;
class Tunnel;
struct TunnelOrder;

// For maps that are looked up with a view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
template <class Value>
using TextMap = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

class Loop {
 public:
  Loop(Site& site, std::shared_ptr<const config::Config> config, unsigned number);
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // ---- from `main` ----
  // Sockets with SO_REUSEPORT, one set for each loop. Fails, naming the address, when one cannot be had.
  Status listen(const std::vector<config::Endpoint>& endpoints, ListenerKind kind);
  // What TLS connections are accepted with from now on; null: they are closed. Any thread.
  void use_tls(TlsContextPtr context);
  // Loops that a new connection may be given to instead, if they have less to do; before start().
  void share_with(std::vector<Loop*> loops) { loops_ = std::move(loops); }
  void start();
  void stop_accepting();  // posted; running exchanges go on
  std::size_t busy();     // exchanges still running
  void stop();            // cuts what still runs
  void reload(std::shared_ptr<const config::Config> config);
  void teach(std::shared_ptr<const updates::Knowledge> knowledge);  // any thread

  // ---- on the loop ----
  Site& site;
  EventThread thread;
  PassInbox pass_inbox;
  HttpDate http_date;

  cache::Reader& reader() { return *reader_; }
  FillMirrors& mirrors() { return mirrors_; }
  LoopPort& port() { return port_; }
  const config::Config& config() const { return *config_; }
  const std::shared_ptr<const updates::Knowledge>& knowledge() const { return knowledge_; }

  KnownHeads& known_heads() { return known_heads_; }
  // An empty text that may have room already, and where it goes afterwards: heads of answers need none of their own.
  std::string spare_text() { return std::exchange(spare_text_, {}); }
  void keep_spare_text(std::string text) {
    if (text.capacity() > kSpareTextBytes) return;
    text.clear();
    spare_text_ = std::move(text);
  }
  // The same head line asked before; null when it was not, or when other fields of the head matter.
  AskedPtr recall(const RequestHead& head, ListenerKind kind);
  // What is known of a target. Remembered for this head, when given, unless other fields of it mattered.
  AskedPtr understand(FetchTarget target, const RequestHead* head, ListenerKind kind = ListenerKind::plain);
  // The same with what has been taught since: a catalogue may have come while a long answer was sent.
  AskedPtr understand_again(const AskedPtr& asked);
  AgentPtr agent(std::string_view user_agent);
  void record(reports::FetchRecord record);  // a fetch that had no fill

  void accepted(int fd, const config::Address& client, ListenerKind kind);
  void close(Connection& connection);  // frees it after the current event
  void running(int change);            // requests that outlive their turn
  // Whether one more tunnel may be opened, of all loops.
  bool room_for_tunnel() const;
  void open_tunnel(TunnelOrder order);
  Tunnel* tunnel(std::uint64_t id);
  void end_tunnel(std::uint64_t id);  // frees it after the current event
  PipePool& pipes() { return pipes_; }
  // Tells the connection to go on once its client's rate may allow it, in turn with all others that wait so.
  void wait_for_pace(Connection& connection);
  // What one client may be sent a second; 0: as much as it takes.
  std::uint64_t client_rate() const { return site.counters.client_rate.value(); }

  // Runs `task` on this loop if the exchange is still there.
  void expect(ReaderId exchange, std::function<void()> wake) { waiting_[exchange] = std::move(wake); }
  void forget(ReaderId exchange) { waiting_.erase(exchange); }
  void wake(ReaderId exchange);

 private:
  struct Newcomer;
  static constexpr std::size_t kSpareTextBytes = 4096;

  static bool head_line_says_all(const RequestHead& head);
  std::size_t load() const;  // any thread
  Loop& lightest();
  void adopt(Newcomer& newcomer);
  void go_on_paced();
  void tick();
  void flush_records();

  std::shared_ptr<const config::Config> config_;
  std::unique_ptr<cache::Reader> reader_;
  FillMirrors mirrors_;
  LoopPort port_;
  std::shared_ptr<const updates::Knowledge> knowledge_ = updates::Knowledge::empty();
  KnownHeads known_heads_;
  TextMap<AskedPtr> asked_;  // by host and target
  TextMap<AgentPtr> agents_;
  std::string spare_text_;
  std::string asking_;  // the key being looked up
  std::unordered_map<ReaderId, std::function<void()>> waiting_;
  std::vector<reports::FetchRecord> records_;
  TlsContextPtr tls_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::vector<std::unique_ptr<Connection>> connections_;  // each knows its slot
  std::size_t next_checked_ = 0;
  std::size_t ticks_ = 0;
  std::vector<std::unique_ptr<Connection>> closed_;
  PipePool pipes_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Tunnel>> tunnels_;
  std::vector<std::unique_ptr<Tunnel>> ended_tunnels_;
  std::uint64_t next_tunnel_ = 1;
  std::vector<Loop*> loops_;
  // Written by this loop but for coming_, read by those that have a connection to give.
  std::atomic<std::size_t> connected_{0};
  std::atomic<std::size_t> running_{0};
  std::atomic<std::size_t> coming_{0};  // given to this loop and not yet here
  std::vector<Connection*> paced_;      // wait for their client's rate, in turn
  Timer tick_;
  Timer pace_;
  Timer flush_;
  bool flush_due_ = false;
  bool stopping_ = false;
};

}  // namespace larder::proxy
