// SPDX-License-Identifier: MIT
#include "proxy/client_table.h"

#include <sys/resource.h>

#include <algorithm>

#include "base/limits.h"

namespace larder::proxy {

std::uint32_t room_for_clients() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return limits::kConnections;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t kept = limits::kOwnDescriptors + limits::kRefusals;
  const rlim_t room = limit.rlim_max > 2 * kept ? limit.rlim_max - kept : limit.rlim_max / 2;
  return static_cast<std::uint32_t>(std::min<rlim_t>(room, UINT32_MAX));
}

Admission ClientTable::judge(const config::Address& address, const config::Config& config) const {
  if (!config::any_contains(config.access.clients, address)) return Admission::stranger;
  if (welcome_ >= std::min(config.limits.connections, most_)) return Admission::too_many;
  const auto found = clients_.find(address);
  const bool full = found != clients_.end() && found->second.connections >= config.limits.connections_per_client;
  return full && !config::any_contains(config.limits.exempt, address) ? Admission::too_many_of_one : Admission::welcome;
}

std::optional<ClientTable::Seat> ClientTable::enter(const config::Address& address, const config::Config& config) {
  const std::lock_guard lock(mutex_);
  const Admission admission = judge(address, config);
  if (admission == Admission::welcome) {
    ++welcome_;
    Client& client = clients_[address];
    ++client.connections;
    const bool exempt = config::any_contains(config.limits.exempt, address);
    return Seat(*this, address, admission, exempt ? nullptr : &client.pace);
  }
  if (refused_ >= limits::kRefusals) return std::nullopt;
  ++refused_;
  return Seat(*this, address, admission, nullptr);
}

std::uint32_t ClientTable::connections_of(const config::Address& address) {
  const std::lock_guard lock(mutex_);
  const auto found = clients_.find(address);
  return found == clients_.end() ? 0 : found->second.connections;
}

ClientTable::Seat::~Seat() {
  if (table_ != nullptr) table_->leave(*this);
}

void ClientTable::leave(const Seat& seat) {
  const std::lock_guard lock(mutex_);
  if (seat.admission() != Admission::welcome) {
    --refused_;
    return;
  }
  --welcome_;
  Client& client = clients_.find(seat.address())->second;
  if (--client.connections == 0 && clients_.size() >= sweep_at_) forget_settled();
}

void ClientTable::forget_settled() {
  std::erase_if(clients_, [now = clock_.steady()](const auto& entry) {
    return entry.second.connections == 0 && entry.second.pace.settled(now);
  });
  sweep_at_ = std::max<std::size_t>(64, 2 * clients_.size());
}

}  // namespace larder::proxy
