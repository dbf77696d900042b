// SPDX-License-Identifier: MIT
// Asked: what a request asks for and what is known of it. A loop remembers it, so that a busy object is understood
// once. Threads: one loop's; what it points to never changes.
#pragma once

#include <memory>

#include "cache/freshness.h"
#include "proxy/entrance.h"
#include "reports/fetch_subject.h"
#include "updates/knowledge.h"
#include "updates/recognise.h"
#include "updates/user_agent.h"

namespace larder::proxy {

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

}  // namespace larder::proxy
