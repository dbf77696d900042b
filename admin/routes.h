// SPDX-License-Identifier: MIT
// The table of all addresses the administration answers. The specification, openapi.yaml, is held to it by a test.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "admin/limits.h"
#include "admin/message.h"
#include "admin/sources.h"
#include "admin/verification.h"

namespace larder::admin {

class Audit;  // audit.h

// What handlers share. Lives as long as any handler runs.
struct Desk {
  Sources sources;
  std::shared_ptr<Verification> verification;
  std::shared_ptr<std::mutex> examining;         // held while the doctor is at work
  std::shared_ptr<const config::Config> config;  // replaced on a reload: take a copy once
  std::shared_ptr<Audit> audit;                  // null: changes are not recorded
};

enum class Who { anyone, administrator };  // administrator: with the token where one is set, under a name of ours
// here: on the server's thread, so it must not wait. stream: likewise, and after an answer of 200 the body goes on with
// what live_feed.h tells, until the client leaves.
enum class Where { here, worker, stream };

struct Route {
  std::string_view method;
  std::string_view path;  // one segment may be "{name}"
  Who who;
  Where where;
  void (*handle)(const Desk&, const Request&, const Reply&);
  std::size_t body_bytes = kBodyBytes;  // the largest body it takes
};

std::span<const Route> routes();

// Whether it changes something, so that it is recorded: every POST but those that only make a text.
bool is_order(const Route& route);

struct Match {
  const Route* route = nullptr;  // null: the path or the method is not known
  std::string parameter;         // of the {name}, decoded
  std::string allow;             // the methods the path has, when it exists
};
// GET routes answer HEAD too.
Match find_route(std::string_view method, std::string_view path);

}  // namespace larder::admin
