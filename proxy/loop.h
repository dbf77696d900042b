// SPDX-License-Identifier: MIT
// Loop: one of the threads that accept clients, look up and send. It waits for nothing but its events.
// Threads: everything is the loop's own, except start(), stop() and what is said of others.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "cache/reader.h"
#include "config/config.h"
#include "proxy/entrance.h"
#include "proxy/event_thread.h"
#include "proxy/fill_desk.h"
#include "proxy/fill_mirror.h"
#include "proxy/pass_desk.h"
#include "proxy/response_head.h"
#include "proxy/site.h"
#include "updates/knowledge.h"
#include "updates/recognise.h"
#include "updates/user_agent.h"

namespace larder::proxy {

class Connection;
class Listener;

// What a request asks for and what is known of it. A loop remembers it, so that a busy object is understood once.
struct Asked {
  FetchTarget target;
  std::shared_ptr<const updates::Recognition> what;
  reports::SharedSubject subject;  // the same for the ledger
  cache::NameClass name = cache::NameClass::ordinary;
  bool standard = false;  // of a host that is cached as RFC 9111 says, whatever its names look like
  std::shared_ptr<const updates::Knowledge> knowledge;  // it was understood with
};
using AskedPtr = std::shared_ptr<const Asked>;
using AgentPtr = std::shared_ptr<const updates::AgentFacts>;

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
  Status listen(const std::vector<config::Endpoint>& endpoints);
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

  // The same head line asked before; null when it was not, or when other fields of the head matter.
  AskedPtr recall(const RequestHead& head);
  // What is known of a target. Remembered for this head, when given, unless other fields of it mattered.
  AskedPtr understand(FetchTarget target, const RequestHead* head);
  // The same with what has been taught since: a catalogue may have come while a long answer was sent.
  AskedPtr understand_again(const AskedPtr& asked);
  AgentPtr agent(std::string_view user_agent);
  void record(reports::FetchRecord record);  // a fetch that had no fill

  void accepted(int fd, const config::Address& client);
  void close(Connection& connection);  // frees it after the current event

  // Runs `task` on this loop if the exchange is still there.
  void expect(ReaderId exchange, std::function<void()> wake) { waiting_[exchange] = std::move(wake); }
  void forget(ReaderId exchange) { waiting_.erase(exchange); }
  void wake(ReaderId exchange);

 private:
  static bool head_line_says_all(const RequestHead& head);
  void tick();
  void flush_records();

  std::shared_ptr<const config::Config> config_;
  std::unique_ptr<cache::Reader> reader_;
  FillMirrors mirrors_;
  LoopPort port_;
  std::shared_ptr<const updates::Knowledge> knowledge_ = updates::Knowledge::empty();
  TextMap<AskedPtr> asked_;  // by host and target
  TextMap<AgentPtr> agents_;
  std::string asking_;  // the key being looked up
  std::unordered_map<ReaderId, std::function<void()>> waiting_;
  std::vector<reports::FetchRecord> records_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;
  Timer tick_;
  Timer flush_;
  bool flush_due_ = false;
};

}  // namespace larder::proxy
