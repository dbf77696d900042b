// SPDX-License-Identifier: MIT
// Proxy: the data path as a whole. It makes the loops, the origin thread and the keeper, wires them and stops them.
// Threads: everything from `main`, except what says otherwise.
#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "cache/store.h"
#include "config/config.h"
#include "proxy/certificate_desk.h"
#include "proxy/counters.h"
#include "proxy/fill.h"
#include "proxy/mau_state.h"
#include "proxy/mismatch.h"
#include "proxy/origin_health.h"
#include "proxy/origin_probe.h"
#include "proxy/prefetcher.h"
#include "reports/ledger.h"
#include "updates/knowledge.h"

namespace larder::proxy {

class Proxy {
 public:
  // Listening sockets are open when it returns; clients are served. Fails when an address cannot be had. The store and
  // the ledger must outlive it.
  static Result<std::unique_ptr<Proxy>> start(std::shared_ptr<const config::Config> config, cache::Store& store,
                                              reports::Ledger& ledger, const Clock& clock);
  virtual ~Proxy() = default;
  Proxy() = default;
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // Accepts nobody any more, waits for running answers at most `grace`, cuts the rest, ends the threads.
  virtual void stop(std::chrono::milliseconds grace) = 0;

  virtual void reload(std::shared_ptr<const config::Config> config) = 0;

  // Whether every loop has answered since the last call; what the watchdog is told. Asks them again.
  virtual bool responsive() = 0;

  // What TLS listeners show; look_after() it now and then. Lives as long as the proxy.
  virtual CertificateDesk& certificates() = 0;

  virtual const Counters& counters() const = 0;  // any thread
  // Any thread but the data path's own; wait for `origin`.
  virtual std::vector<OriginAtRest> origins_at_rest() = 0;
  virtual std::shared_ptr<const updates::Knowledge> knowledge() const = 0;  // any thread; never null
  virtual std::vector<FillInfo> fills() = 0;
  // The head of each URL, asked for as fills ask; waits for `patience` at most (origin_probe.h).
  virtual std::vector<Probed> probe(const std::vector<std::string>& urls, std::chrono::milliseconds patience) = 0;
  virtual std::uint32_t connections_of(const config::Address& client) = 0;  // open now; any thread
  virtual std::vector<Mismatch> mismatches() = 0;                           // the newest first
  // Wants these URLs in the store, whole; waits for `origin`. All, or none and why (prefetcher.h).
  virtual Result<std::vector<Prefetch>> prefetch(const std::vector<std::string>& urls) = 0;
  virtual std::vector<Prefetch> prefetches() = 0;
  virtual std::vector<updates::MauRecord> export_manifests() = 0;
  virtual MauTakenIn import_manifests(std::vector<updates::MauRecord> records) = 0;
  virtual std::vector<MauState> manifests() = 0;  // AutoUpdate's, as they are published
};

}  // namespace larder::proxy
