// SPDX-License-Identifier: MIT
#include "admin/hook_record.h"

#include <algorithm>

namespace larder::admin {
namespace {

constexpr double kLeast = 0.8;
constexpr double kSpread = 0.4;

std::chrono::milliseconds scaled(std::chrono::milliseconds span, double by) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(span.count()) * by));
}

}  // namespace

HookRecord::Verdict HookRecord::note(const HookOutcome& outcome, WallTime since, Moment now, double chance) {
  refused_ = outcome.kind == HookOutcome::Kind::refused;
  if (outcome.kind == HookOutcome::Kind::delivered) {
    last_success_ = now.wall;
    failing_since_ = {};
    span_ = {};
    next_try_ = {};
    ++delivered_;
    return Verdict::told;
  }
  last_failure_ = now.wall;
  if (failing_since_ == WallTime()) failing_since_ = now.wall;
  why_ = outcome.why;
  span_ = std::clamp<std::chrono::milliseconds>(span_ * 2, kTryLeast, kTryMost);
  auto wait = scaled(span_, kLeast + kSpread * chance);
  if (outcome.retry_after)
    wait = std::max<std::chrono::milliseconds>(wait, std::min<std::chrono::seconds>(*outcome.retry_after, kEventLife));
  const bool over = refused_ || now.wall - since >= kEventLife;
  next_try_ = refused_ ? SteadyTime{} : now.steady + wait;
  if (!over) return Verdict::again;
  ++given_up_;
  return Verdict::given_up;
}

bool HookRecord::in_trouble(WallTime now) const {
  return refused_ || (failing_since_ != WallTime() && now - failing_since_ >= kHookTrouble);
}

}  // namespace larder::admin
