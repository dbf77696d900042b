// SPDX-License-Identifier: MIT
// Sources: where the administration's answers come from. References outlive the server.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "admin/live.h"
#include "base/clock.h"
#include "cache/reader.h"
#include "cache/store.h"
#include "config/config.h"
#include "proxy/certificate_desk.h"
#include "proxy/mau_state.h"
#include "proxy/origin_probe.h"
#include "proxy/prefetcher.h"
#include "reports/access_log.h"
#include "reports/client_names.h"
#include "reports/ledger.h"
#include "updates/knowledge.h"

namespace larder::admin {

class Webhooks;

struct Sources {
  cache::Store& store;
  reports::Ledger& ledger;
  const Clock& clock;
  std::function<std::unique_ptr<cache::Reader>()> make_reader;           // called and used on a worker
  std::function<LiveStatus()> live;                                      // called on a worker; may wait a little
  std::function<std::shared_ptr<const updates::Knowledge>()> knowledge;  // any thread; never null
  std::function<bool()> ready;                                           // any thread, never waits: clients are served
  proxy::CertificateDesk* certificates = nullptr;                        // of the TLS listeners; null: there are none
  // Called on a worker; wait for `origin`. Empty: nothing can be prefetched.
  std::function<Result<std::vector<proxy::Prefetch>>(const std::vector<std::string>&)> prefetch = {};
  std::function<std::vector<proxy::Prefetch>()> prefetches = {};
  // Called on a worker. Empty: none are kept.
  std::function<std::vector<updates::MauRecord>()> export_manifests = {};
  std::function<proxy::MauTakenIn(std::vector<updates::MauRecord>)> import_manifests = {};
  // Called on a worker; waits as long as it is told at most. Empty: origins cannot be asked.
  std::function<std::vector<proxy::Probed>(const std::vector<std::string>&, std::chrono::milliseconds)> probe = {};
  std::function<std::uint32_t(const config::Address&)> connections_of = {};  // a client's, now; any thread; empty: none
  std::function<std::vector<proxy::MauState>()> manifests = {};  // AutoUpdate's; called on a worker; empty: none
  std::function<reports::AccessLog::State()> access_log = {};    // any thread; empty: there is none
  std::function<reports::NamesAsked()> names = {};               // any thread; empty: nameservers are not asked
  std::filesystem::path audit = {};  // the file of changes (audit.h); empty: they are not recorded
  Webhooks* webhooks = nullptr;      // null: there are none
};

}  // namespace larder::admin
