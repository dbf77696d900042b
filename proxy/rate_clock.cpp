// SPDX-License-Identifier: MIT
#include "proxy/rate_clock.h"

#include <spdlog/spdlog.h>

#include <ctime>
#include <utility>

namespace larder::proxy {
namespace {

constexpr auto kLook = std::chrono::seconds(1);

std::string in_words(config::BytesPerSecond rate) {
  return rate == 0 ? "no limit" : config::format_rate(rate);
}

}  // namespace

config::LocalMinute local_minute(WallTime now) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  std::tm local{};
  localtime_r(&seconds, &local);
  return {static_cast<unsigned>((local.tm_wday + 6) % 7), static_cast<unsigned>(local.tm_hour * 60 + local.tm_min)};
}

RateClock::RateClock(event_base* base, const Clock& clock, Counters& counters, LineShare& line,
                     config::RatesConfig rates)
    : clock_(clock), counters_(counters), line_(line), rates_(std::move(rates)), next_(base, [this] { look(); }) {
  look();
}

void RateClock::apply(config::RatesConfig rates) {
  rates_ = std::move(rates);
  look();
}

void RateClock::look() {
  const config::Rates now = config::rates_at(rates_, local_minute(clock_.now()));
  const bool changed = now.client != counters_.client_rate.value() || now.line != counters_.line_rate.value();
  if (changed) spdlog::info("rates now: client {}, line {}", in_words(now.client), in_words(now.line));
  counters_.client_rate = now.client;
  counters_.line_rate = now.line;
  line_.limit(now.line);
  next_.after(kLook);
}

}  // namespace larder::proxy
