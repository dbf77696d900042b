// SPDX-License-Identifier: MIT
#include "proxy/prefetcher.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "proxy/origin_table.h"
#include "proxy/own_order.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kAtOnce = 2;

}  // namespace

std::string_view to_string(Prefetch::State state) {
  switch (state) {
    case Prefetch::State::waiting:
      return "waiting";
    case Prefetch::State::running:
      return "running";
    case Prefetch::State::held:
      return "held";
    case Prefetch::State::fetched:
      return "fetched";
    case Prefetch::State::failed:
      return "failed";
  }
  return "failed";
}

Result<std::vector<Prefetch>> Prefetcher::add(const std::vector<std::string>& urls,
                                              const updates::Knowledge& knowledge) {
  std::vector<FillOrder> orders;
  for (const std::string& url : urls) {
    auto order = own_order(url, origins_, knowledge);
    if (!order) return std::move(order).error();
    orders.push_back(std::move(*order));
  }
  const auto open = std::count_if(items_.begin(), items_.end(), [](const Item& item) { return !item.told.over(); });
  if (static_cast<std::size_t>(open) + orders.size() > kMost) {
    return fail(ErrorKind::busy,
                "more than " + std::to_string(kMost) + " downloads would wait; ask again when some are over");
  }
  std::vector<std::uint64_t> ids;
  for (FillOrder& order : orders) {
    const auto same = std::find_if(items_.begin(), items_.end(),
                                   [&](const Item& item) { return !item.told.over() && item.order.key == order.key; });
    if (same != items_.end()) {
      ids.push_back(same->told.id);
      continue;
    }
    Item item;
    item.told.id = next_id_++;
    item.told.url = order.key;
    item.told.product = order.what->product;
    item.told.version = order.what->version;
    item.told.asked = fills_.clock.now();
    item.order = std::move(order);
    ids.push_back(item.told.id);
    items_.push_back(std::move(item));
  }
  start_waiting();
  std::vector<Prefetch> told;
  for (const std::uint64_t id : ids) {
    if (const Item* item = find(id)) told.push_back(item->told);
  }
  forget_old();
  return told;
}

std::vector<Prefetch> Prefetcher::list() const {
  std::unordered_map<std::string, FillInfo> running;
  for (FillInfo& info : fills_.list()) running.emplace(info.url, std::move(info));
  std::vector<Prefetch> list;
  for (const Item& item : items_) {
    list.push_back(item.told);
    const auto fill = item.told.state == Prefetch::State::running ? running.find(item.told.url) : running.end();
    if (fill == running.end()) continue;
    list.back().bytes_done = fill->second.bytes_done;
    list.back().bytes_total = fill->second.bytes_total;
  }
  return list;
}

void Prefetcher::start_waiting() {
  for (std::size_t i = 0; i < items_.size() && running_ < kAtOnce; ++i) {
    if (items_[i].told.state == Prefetch::State::waiting) start(items_[i]);
  }
}

void Prefetcher::start(Item& item) {
  FillOrder order = item.order;
  order.known = fills_.reader().find(order.key);
  if (order.known != nullptr) {
    const bool fresh = cache::use_for(order.known->freshness, order.name, order.directives, fills_.clock.now()) ==
                       cache::Use::as_it_is;
    if (fresh && order.known->complete()) return end(item, Prefetch::State::held);
    order.validate = !fresh;
  }
  item.told.state = Prefetch::State::running;
  ++running_;
  fills_.fetch(std::move(order), [this, id = item.told.id](const Status& status) { ended(id, status); });
}

void Prefetcher::ended(std::uint64_t id, const Status& status) {
  --running_;
  if (Item* item = find(id)) {
    if (!status) item->told.why = status.error().message;
    end(*item, status ? Prefetch::State::fetched : Prefetch::State::failed);
    if (!status) spdlog::warn("prefetching {}: {}", item->told.url, status.error().message);
  }
  forget_old();
  // What fetch() calls at once must not go deeper.
  fills_.thread.post([this] { start_waiting(); });
}

void Prefetcher::end(Item& item, Prefetch::State state) {
  item.told.state = state;
  item.told.ended = fills_.clock.now();
  if (const cache::ObjectPtr object = fills_.reader().find(item.order.key);
      object && state != Prefetch::State::failed) {
    item.told.bytes_done = item.told.bytes_total = object->size_bytes;
  }
}

Prefetcher::Item* Prefetcher::find(std::uint64_t id) {
  const auto at = std::lower_bound(items_.begin(), items_.end(), id,
                                   [](const Item& item, std::uint64_t wanted) { return item.told.id < wanted; });
  return at == items_.end() || at->told.id != id ? nullptr : &*at;
}

void Prefetcher::forget_old() {
  auto over = static_cast<std::size_t>(
      std::count_if(items_.begin(), items_.end(), [](const Item& item) { return item.told.over(); }));
  while (over > kRemembered) {
    items_.erase(std::find_if(items_.begin(), items_.end(), [](const Item& item) { return item.told.over(); }));
    --over;
  }
}

}  // namespace larder::proxy
