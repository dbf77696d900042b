// SPDX-License-Identifier: MIT
#include "proxy/device_desk.h"

#include <utility>

namespace larder::proxy {
namespace {

// Questions at a time; one more is told at once that nothing is known.
constexpr std::size_t kWaiting = 64;
constexpr std::chrono::seconds kBelieved{2};
constexpr std::size_t kPage = 1000;

DeviceOnRecord on_record(const reports::DeviceRow& row) {
  return {row.id, row.evidence, row.name, row.address, row.last_seen};
}

}  // namespace

void DeviceDesk::ask(const config::Address& address, std::string token, Done done) {
  if (waiting_.load(std::memory_order_relaxed) >= kWaiting) return done(std::nullopt);
  waiting_.fetch_add(1, std::memory_order_relaxed);
  thread_.post([this, address, token = std::move(token), done = std::move(done)] {
    waiting_.fetch_sub(1, std::memory_order_relaxed);
    done(token.empty() ? at_address(address) : of_token(token));
  });
}

std::optional<DeviceOnRecord> DeviceDesk::of_token(const std::string& token) {
  reports::Filter filter;
  filter.device = token;
  const auto page = ledger_.devices(filter);
  if (!page || page->items.empty()) return std::nullopt;
  return on_record(page->items.front());
}

std::optional<DeviceOnRecord> DeviceDesk::at_address(const config::Address& address) {
  const SteadyTime now = clock_.steady();
  if (!read_at_ || now - *read_at_ >= kBelieved) {
    read_at_ = now;
    read_all();
  }
  const auto found = by_address_.find(address.text());
  if (found == by_address_.end()) return std::nullopt;
  return found->second;
}

void DeviceDesk::read_all() {
  by_address_.clear();
  reports::Filter filter;
  filter.limit = kPage;
  do {
    const auto page = ledger_.devices(filter);
    if (!page) return;
    for (const reports::DeviceRow& row : page->items) {
      const auto [at, added] = by_address_.try_emplace(row.address, on_record(row));
      if (!added && at->second.last_seen < row.last_seen) at->second = on_record(row);
    }
    filter.cursor = page->next_cursor;
  } while (!filter.cursor.empty());
}

}  // namespace larder::proxy
