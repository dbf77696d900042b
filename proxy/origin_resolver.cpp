// SPDX-License-Identifier: MIT
#include "proxy/origin_resolver.h"
#include "proxy/origin_limits.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace larder::proxy {
namespace {

// How much longer the other family is waited for once one has answered (RFC 8305 3 waits 50 ms, for nameservers
// nearby).
constexpr std::chrono::milliseconds kOtherFamily{250};
// Bounds of what an answer says of its life: CDNs say 20 s to 5 minutes.
constexpr std::chrono::seconds kLeastLife{5};
constexpr std::chrono::seconds kMostLife{3600};
constexpr std::chrono::seconds kFailureLife{5};
constexpr std::chrono::hours kStaleLife{24};

}  // namespace

// What is known of a name, and who waits for it.
struct OriginResolver::Name {
  struct Query {
    OriginResolver* resolver = nullptr;
    const std::string* host = nullptr;  // the key of names_
    bool running = false;
    int result = DNS_ERR_NONE;
    std::chrono::seconds ttl{0};
    Addresses addresses;
  };

  explicit Name(event_base* base, std::function<void()> enough_waited) : enough(base, std::move(enough_waited)) {}
  bool running() const { return queries[0].running || queries[1].running; }

  std::array<Query, 2> queries;  // A, AAAA
  Timer enough;
  Addresses addresses;   // the last that were found
  SteadyTime expires{};  // of what is known, failure included
  SteadyTime stale_until{};
  Error failure;
  std::vector<Done> waiting;
};

OriginResolver::OriginResolver(event_base* base, std::vector<config::Endpoint> nameservers, const Clock& clock)
    : base_(base), nameservers_(std::move(nameservers)), clock_(clock) {
  if (configured()) dns_ = dns_base(base, nameservers_, "origins.nameservers");
}

OriginResolver::~OriginResolver() = default;

void OriginResolver::resolve(const std::string& host, Done done) {
  auto found = names_.find(host);
  if (found == names_.end()) {
    make_room();
    found = names_.emplace(host, nullptr).first;
    found->second =
        std::make_unique<Name>(base_, [this, key = &found->first, slot = &found->second] { settle(*key, **slot); });
  }
  Name& name = *found->second;
  if (clock_.steady() < name.expires) {
    done(name.addresses.empty() ? Result<Addresses>(name.failure) : Result<Addresses>(name.addresses));
    return;
  }
  name.waiting.push_back(std::move(done));
  if (name.waiting.size() == 1) ask(found->first, name);
}

void OriginResolver::forget(const std::string& host) {
  if (const auto found = names_.find(host); found != names_.end()) found->second->expires = {};
}

void OriginResolver::ask(const std::string& host, Name& name) {
  for (auto& query : name.queries) {
    if (query.running) continue;  // of the last time, answered late
    query = {this, &host, true, DNS_ERR_NONE, {}, {}};
    const bool first = &query == &name.queries[0];
    const auto* started =
        first ? evdns_base_resolve_ipv4(dns_.get(), host.c_str(), DNS_QUERY_NO_SEARCH, on_answer, &query)
              : evdns_base_resolve_ipv6(dns_.get(), host.c_str(), DNS_QUERY_NO_SEARCH, on_answer, &query);
    if (started == nullptr) {
      query.running = false;
      query.result = DNS_ERR_UNKNOWN;
    }
  }
  if (!name.running()) settle(host, name);
}

void OriginResolver::on_answer(int result, char type, int count, int ttl, void* addresses, void* data) noexcept {
  auto& query = *static_cast<Name::Query*>(data);
  query.running = false;
  query.result = result;
  query.ttl = std::chrono::seconds(std::max(ttl, 0));
  if (result == DNS_ERR_NONE) query.addresses = addresses_in(type, count, addresses);
  OriginResolver& resolver = *query.resolver;
  Name& name = *resolver.names_.at(*query.host);
  if (name.running() && !query.addresses.empty()) {
    name.enough.after(kOtherFamily);
  } else if (!name.running()) {
    resolver.settle(*query.host, name);
  }
}

// Both have answered, or one has and the other is waited for no longer.
void OriginResolver::settle(const std::string& host, Name& name) {
  name.enough.cancel();
  const SteadyTime now = clock_.steady();
  Addresses addresses;
  auto life = kMostLife;
  for (const auto& query : name.queries) {
    if (query.addresses.empty()) continue;
    addresses.insert(addresses.end(), query.addresses.begin(), query.addresses.end());
    life = std::clamp(query.ttl, kLeastLife, life);
  }
  if (!addresses.empty()) {
    name.addresses = std::move(addresses);
    name.expires = now + life;
    name.stale_until = now + kStaleLife;
  } else {
    name.failure = why(host, name);
    name.expires = now + kFailureLife;
    const bool gone = name.queries[0].result == DNS_ERR_NOTEXIST;
    if (gone || now >= name.stale_until) name.addresses.clear();
    spdlog::warn("{}{}", name.failure.message, name.addresses.empty() ? "" : "; using the addresses it had before");
  }
  const Result<Addresses> result =
      name.addresses.empty() ? Result<Addresses>(name.failure) : Result<Addresses>(name.addresses);
  const auto waiting = std::exchange(name.waiting, {});
  for (const Done& done : waiting) done(result);
}

Error OriginResolver::why(const std::string& host, const Name& name) const {
  std::string servers;
  for (const auto& server : nameservers_) servers += (servers.empty() ? "" : ", ") + server.text();
  const std::string asked = "looking up " + host + " at " + servers + ": ";
  // The more telling of the two: a name can have addresses of one family only.
  int result = name.queries[0].result;
  if (result == DNS_ERR_NODATA || result == DNS_ERR_NONE) result = name.queries[1].result;
  switch (result) {
    case DNS_ERR_NOTEXIST:
      return fail(ErrorKind::origin_failed, asked + "there is no such name");
    case DNS_ERR_NODATA:
    case DNS_ERR_NONE:
      return fail(ErrorKind::origin_failed, asked + "the name has no address");
    case DNS_ERR_TIMEOUT:
      return fail(ErrorKind::timed_out,
                  asked + "no answer, or only failures; check origins.nameservers and that UDP port 53 is open");
    case DNS_ERR_TRUNCATED:
      return fail(ErrorKind::origin_failed, asked + "the answer is too long for UDP; ask another nameserver");
    default:
      return fail(ErrorKind::origin_failed, asked + evdns_err_to_string(result));
  }
}

// Names below a named domain are chosen by who asks.
void OriginResolver::make_room() {
  if (names_.size() < limits::kResolvedNames) return;
  std::erase_if(names_, [](const auto& entry) { return entry.second->waiting.empty() && !entry.second->running(); });
}

}  // namespace larder::proxy
