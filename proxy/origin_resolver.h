// SPDX-License-Identifier: MIT
// The addresses of origins, asked of nameservers the configuration names, for sites whose own DNS points the names of
// the CDNs at Larder. By libevent's evdns, over UDP: a truncated answer counts as a failure.
//
// A and AAAA are asked side by side; the second answer is waited for a quarter of a second longer than the first.
// Answers are kept for their time to live, failures for some seconds. When a name can no longer be looked up, its last
// addresses are used on for a day (RFC 8767).
// Threads: `origin`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "proxy/event_thread.h"
#include "proxy/nameservers.h"

namespace larder::proxy {

class OriginResolver {
 public:
  using Addresses = std::vector<config::Address>;
  using Done = std::function<void(const Result<Addresses>&)>;

  OriginResolver(event_base* base, std::vector<config::Endpoint> nameservers, const Clock& clock);
  ~OriginResolver();
  OriginResolver(const OriginResolver&) = delete;
  OriginResolver& operator=(const OriginResolver&) = delete;

  // Whether there are nameservers to ask. If not, libcurl asks the system's.
  bool configured() const { return !nameservers_.empty(); }

  // `done` is called once, during this call when the answer is known. At least one address, or why there is none.
  void resolve(const std::string& host, Done done);

  // None of the addresses could be connected to: the next resolve() asks anew.
  void forget(const std::string& host);

 private:
  struct Name;

  static void on_answer(int result, char type, int count, int ttl, void* addresses, void* query) noexcept;
  void ask(const std::string& host, Name& name);
  void settle(const std::string& host, Name& name);
  void make_room();
  Error why(const std::string& host, const Name& name) const;

  event_base* base_;
  const std::vector<config::Endpoint> nameservers_;
  const Clock& clock_;
  DnsBase dns_;
  std::unordered_map<std::string, std::unique_ptr<Name>> names_;
};

}  // namespace larder::proxy
