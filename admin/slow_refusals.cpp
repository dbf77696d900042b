// SPDX-License-Identifier: MIT
#include "admin/slow_refusals.h"

#include "admin/limits.h"

namespace larder::admin {

SlowRefusals::SlowRefusals(event_base* base, Give give) : give_(std::move(give)), gap_(base, [this] { give_next(); }) {}

void SlowRefusals::hold(std::uint64_t connection, Response response) {
  held_.emplace_back(connection, std::move(response));
  if (held_.size() == 1) gap_.after(kRefusalGap);
}

std::optional<std::uint64_t> SlowRefusals::first() const {
  if (held_.empty()) return std::nullopt;
  return held_.front().first;
}

void SlowRefusals::forget(std::uint64_t connection) {
  std::erase_if(held_, [connection](const auto& held) { return held.first == connection; });
}

void SlowRefusals::give_next() {
  if (held_.empty()) return;
  const auto [connection, response] = std::move(held_.front());
  held_.pop_front();
  if (!held_.empty()) gap_.after(kRefusalGap);
  give_(connection, response);
}

}  // namespace larder::admin
