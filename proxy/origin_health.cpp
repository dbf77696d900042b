// SPDX-License-Identifier: MIT
#include "proxy/origin_health.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/text.h"
#include "cache/freshness.h"
#include "proxy/origin_limits.h"

namespace larder::proxy {
namespace {

// What each failure says, and how much must be said before an origin counts as down: five that it could not be reached,
// or twenty that it broke off, none of its answers between.
constexpr int kUnreachable = 4;
constexpr int kSpeechless = 1;
constexpr int kDown = 20;
// Failures further apart than this say nothing together.
constexpr std::chrono::seconds kForgets{60};
// A probe that has not ended by now: the next is let through.
constexpr std::chrono::seconds kProbe{15};
constexpr double kRetriesEarned = 0.2;

// A tenth more or less, so that several Larders do not knock together.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds span) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const std::int64_t tenth = span.count() / 10;
  return span + std::chrono::milliseconds(std::uniform_int_distribution<std::int64_t>(-tenth, tenth)(random));
}

std::chrono::seconds seconds_until(SteadyTime time, SteadyTime now) {
  return time <= now ? std::chrono::seconds(0) : std::chrono::ceil<std::chrono::seconds>(time - now);
}

}  // namespace

OriginHealth::Origin& OriginHealth::find(const std::string& name) {
  if (const auto found = origins_.find(name); found != origins_.end()) return found->second;
  if (origins_.size() >= limits::kOriginsWatched) {
    std::erase_if(origins_, [](const auto& entry) { return !entry.second.open && !entry.second.resting; });
  }
  Origin& origin = origins_[name];
  origin.retries = limits::kRetriesSaved;
  return origin;
}

Status OriginHealth::may_ask(const std::string& name) {
  Origin& origin = find(name);
  const SteadyTime now = clock_.steady();
  if (origin.resting && now >= origin.until) origin.resting = false;
  if (!origin.open && !origin.resting) {
    if (origin.retried > 0) {
      --origin.retried;  // a retry asks leave as well, and earns nothing
    } else {
      origin.retries = std::min(origin.retries + kRetriesEarned, limits::kRetriesSaved);
    }
    return ok();
  }
  if (!origin.resting && now >= origin.until && now >= origin.probe_until) {
    origin.probe_until = now + kProbe;
    return ok();
  }
  add(counters_.origin_unasked);
  const auto left = std::to_string(rest_left(name).count());
  return fail(ErrorKind::busy, name + " is left alone for " + left + " s more: " + origin.why);
}

std::chrono::seconds OriginHealth::rest_left(const std::string& name) const {
  const auto found = origins_.find(name);
  if (found == origins_.end()) return std::chrono::seconds(0);
  const Origin& origin = found->second;
  const SteadyTime now = clock_.steady();
  if ((origin.open || origin.resting) && now < origin.until) return seconds_until(origin.until, now);
  // Its probe may end any moment.
  return std::chrono::seconds(origin.open && now < origin.probe_until ? 1 : 0);
}

bool OriginHealth::may_retry(const std::string& name) {
  Origin& origin = find(name);
  if (origin.retries < 1) return false;
  origin.retries -= 1;
  ++origin.retried;
  return true;
}

void OriginHealth::answered(const std::string& name) {
  Origin& origin = find(name);
  if (origin.open) spdlog::info("{} answers again, after {} failures in a row", name, origin.failures);
  origin.open = false;
  origin.evidence = 0;
  origin.failures = 0;
  origin.span = std::chrono::milliseconds(0);
  origin.probe_until = {};
}

void OriginHealth::failed(const std::string& name, Failure failure, const std::string& why) {
  Origin& origin = find(name);
  const SteadyTime now = clock_.steady();
  if (!origin.open && now - origin.last_failure > kForgets) {
    origin.evidence = 0;
    origin.failures = 0;
  }
  origin.last_failure = now;
  origin.why = why;
  ++origin.failures;
  origin.evidence += failure == Failure::unreachable ? kUnreachable : kSpeechless;
  // What was under way when the circuit opened adds nothing; a probe's failure opens it anew.
  const bool probe_failed = origin.open && now >= origin.until;
  if (probe_failed || (!origin.open && origin.evidence >= kDown)) open(name, origin);
}

void OriginHealth::open(const std::string& name, Origin& origin) {
  const auto least = std::chrono::milliseconds(limits::kRestLeast);
  const auto most = std::chrono::milliseconds(limits::kRestMost);
  origin.span = std::clamp(origin.span * 2, least, most);
  origin.until = clock_.steady() + with_jitter(origin.span);
  origin.probe_until = {};
  if (!std::exchange(origin.open, true)) {
    origin.since = clock_.now();
    add(counters_.origin_circuits_opened);
    spdlog::warn("{} has failed {} times in a row and is left alone for a while: {}", name, origin.failures,
                 origin.why);
  }
}

void OriginHealth::rest(const std::string& name, std::chrono::seconds span, const std::string& why) {
  Origin& origin = find(name);
  if (!origin.resting && !origin.open) origin.since = clock_.now();
  origin.resting = true;
  origin.until = clock_.steady() + std::min(span, limits::kRetryAfterMost);
  origin.why = why;
  spdlog::warn("{} asks to be left alone for {} s: {}", name, span.count(), why);
}

void OriginHealth::abandoned(const std::string& name) {
  if (const auto found = origins_.find(name); found != origins_.end()) found->second.probe_until = {};
}

std::vector<OriginAtRest> OriginHealth::at_rest() const {
  std::vector<OriginAtRest> list;
  const SteadyTime now = clock_.steady();
  for (const auto& [name, origin] : origins_) {
    if (!origin.open && !(origin.resting && now < origin.until)) continue;
    list.push_back({name, origin.why, origin.failures, origin.since, seconds_until(origin.until, now)});
  }
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.origin < b.origin; });
  return list;
}

std::optional<std::chrono::seconds> retry_after(const OriginAnswer& answer, WallTime now) {
  const auto field = std::find_if(answer.received.begin(), answer.received.end(),
                                  [](const auto& f) { return equals_ignoring_case(f.first, "Retry-After"); });
  if (field == answer.received.end()) return std::nullopt;
  const std::string_view value = field->second;
  if (!value.empty() && std::all_of(value.begin(), value.end(), is_digit)) {
    return std::min(cache::parse_delta(value), limits::kRetryAfterMost);
  }
  const auto date = cache::parse_http_date(value);
  if (!date) return std::nullopt;
  const auto span = std::chrono::ceil<std::chrono::seconds>(*date - now);
  return std::clamp(span, std::chrono::seconds(0), limits::kRetryAfterMost);
}

}  // namespace larder::proxy
