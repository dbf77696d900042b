// SPDX-License-Identifier: MIT
// AdminServer: the API, the page and the metrics on listen.admin. Its own thread, `admin`, holds all sockets and waits
// for nothing; two workers, `admin-0` and `admin-1`, do what may wait for the disk.
//
//   auto server = AdminServer::start({store, ledger, clock, make_reader, live, ready}, config);
//
// What it answers is the table in routes.h, described in openapi.yaml.
#pragma once

#include <memory>
#include <vector>

#include "admin/sources.h"
#include "base/result.h"
#include "config/config.h"

namespace larder::admin {

class AdminServer {
 public:
  // Listens and answers from here on. Fails when an address of listen.admin cannot be had or the token file cannot be
  // read, saying what to do. With an empty listen.admin it answers nobody.
  static Result<std::unique_ptr<AdminServer>> start(const Sources& sources,
                                                    std::shared_ptr<const config::Config> config);

  // Stops listening, cuts its clients off and waits for the reports that run. Before the Sources go.
  virtual ~AdminServer() = default;
  AdminServer() = default;
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // After a reload: what is shown as configuration, and the token, read anew. When that fails the old one stands.
  virtual Status apply(std::shared_ptr<const config::Config> config) = 0;

  // Where it listens, with the ports the system chose.
  virtual std::vector<config::Endpoint> listening() const = 0;
};

}  // namespace larder::admin
