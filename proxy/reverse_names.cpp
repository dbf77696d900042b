// SPDX-License-Identifier: MIT
#include "proxy/reverse_names.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "base/limits.h"
#include "config/special_address.h"

namespace larder::proxy {
namespace {

using std::chrono::seconds;

constexpr seconds kLeastLife{60};
constexpr seconds kMostLife{3600};
constexpr seconds kNoneLife{600};
constexpr seconds kFailureLife{60};
constexpr std::size_t kMappedPrefix = 12;  // of ::ffff:0:0/96

// That there is no such name, or that it has nothing of this kind.
bool is_none(int result) {
  return result == DNS_ERR_NOTEXIST || result == DNS_ERR_NODATA || result == DNS_ERR_NONE;
}

}  // namespace

struct ReverseNames::Look {
  ReverseNames* names = nullptr;
  config::Address client;
  std::string name;
  seconds life = kMostLife;
};

ReverseNames::ReverseNames(const config::Config& config, const Clock& clock)
    : clock_(clock),
      clients_(config.access.clients),
      dns_(dns_base(thread_.base(), config.identity.nameservers, "identity.nameservers")) {}

ReverseNames::~ReverseNames() {
  stop();
}

void ReverseNames::start(std::function<void()> told) {
  told_ = std::move(told);
  thread_.start();
}

void ReverseNames::stop() {
  thread_.stop();
}

void ReverseNames::apply(const config::Config& config) {
  thread_.post([this, clients = config.access.clients] { clients_ = clients; });
}

void ReverseNames::ask(std::vector<config::Address> clients) {
  if (clients.empty()) return;
  thread_.post([this, clients = std::move(clients)] {
    for (const config::Address& client : clients) consider(client);
    begin_waiting();
  });
}

std::vector<reports::ClientName> ReverseNames::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(answers_, {});
}

reports::NamesAsked ReverseNames::asked() const {
  return {begun_.load(), named_.load(), nameless_.load(), failed_.load()};
}

void ReverseNames::consider(const config::Address& client) {
  const auto found = known_.find(client);
  if (found != known_.end() && (found->second.asked || clock_.steady() < found->second.expires)) return;
  if (waiting_.size() >= limits::kNamesWaiting || !config::any_contains(clients_, client) ||
      config::special_use(client) == "link-local") {
    return;
  }
  if (found == known_.end() && known_.size() >= limits::kClientNames) {
    const SteadyTime now = clock_.steady();
    std::erase_if(known_, [now](const auto& entry) { return !entry.second.asked && entry.second.expires <= now; });
    if (known_.size() >= limits::kClientNames)
      std::erase_if(known_, [](const auto& entry) { return !entry.second.asked; });
  }
  known_[client].asked = true;
  waiting_.push_back(client);
}

void ReverseNames::begin_waiting() {
  while (!waiting_.empty() && looks_.size() < limits::kNamesAsked) {
    const config::Address client = waiting_.front();
    waiting_.pop_front();
    begin(client);
  }
}

void ReverseNames::begin(const config::Address& client) {
  Look& look = *looks_.emplace(client, std::make_unique<Look>(Look{this, client, {}})).first->second;
  ++begun_;
  const evdns_request* begun = nullptr;
  if (client.is_v4()) {
    in_addr v4{};
    std::memcpy(&v4, client.bytes.data() + kMappedPrefix, sizeof v4);
    begun = evdns_base_resolve_reverse(dns_.get(), &v4, DNS_QUERY_NO_SEARCH, on_name, &look);
  } else {
    in6_addr v6{};
    std::memcpy(&v6, client.bytes.data(), sizeof v6);
    begun = evdns_base_resolve_reverse_ipv6(dns_.get(), &v6, DNS_QUERY_NO_SEARCH, on_name, &look);
  }
  if (begun == nullptr) fail(look);
}

void ReverseNames::on_name(int result, char type, int count, int ttl, void* names, void* look_of) noexcept {
  auto& look = *static_cast<Look*>(look_of);
  ReverseNames& self = *look.names;
  if (result == DNS_ERR_NONE && type == DNS_PTR && count > 0) {
    look.name = reports::device_name(*static_cast<char**>(names), look.client);
    look.life = std::min(look.life, seconds(std::max(ttl, 0)));
  }
  if (look.name.empty()) {
    self.settle_without(look, result);
  } else {
    self.ask_for_addresses(look);
  }
  self.begin_waiting();
}

void ReverseNames::ask_for_addresses(Look& look) {
  const auto resolve = look.client.is_v4() ? evdns_base_resolve_ipv4 : evdns_base_resolve_ipv6;
  if (resolve(dns_.get(), look.name.c_str(), DNS_QUERY_NO_SEARCH, on_addresses, &look) == nullptr) {
    fail(look);
  }
}

void ReverseNames::on_addresses(int result, char type, int count, int ttl, void* addresses, void* look_of) noexcept {
  auto& look = *static_cast<Look*>(look_of);
  ReverseNames& self = *look.names;
  const auto found = result == DNS_ERR_NONE ? addresses_in(type, count, addresses) : std::vector<config::Address>();
  if (std::find(found.begin(), found.end(), look.client) == found.end()) {
    look.name.clear();
    self.settle_without(look, result);
  } else {
    look.life = std::clamp(std::min(look.life, seconds(std::max(ttl, 0))), kLeastLife, kMostLife);
    self.settle(look);
  }
  self.begin_waiting();
}

// There is no name, or no answer.
void ReverseNames::settle_without(Look& look, int result) {
  if (!is_none(result)) {
    fail(look);
    return;
  }
  look.life = kNoneLife;
  settle(look);
}

void ReverseNames::settle(const Look& look) {
  const bool named = !look.name.empty();
  ++(named ? named_ : nameless_);
  {
    const std::lock_guard lock(mutex_);
    if (answers_.size() < limits::kClientNames) answers_.push_back({look.client, look.name, look.life});
  }
  end(look, look.life);
  if (named) told_();
}

void ReverseNames::fail(const Look& look) {
  ++failed_;
  end(look, kFailureLife);
}

void ReverseNames::end(const Look& look, seconds life) {
  const config::Address client = look.client;
  known_[client] = {false, clock_.steady() + life};
  looks_.erase(client);
}

}  // namespace larder::proxy
