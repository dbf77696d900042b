// SPDX-License-Identifier: MIT
#include "proxy/line_share.h"

#include <algorithm>

namespace larder::proxy {
namespace {

// Of its rate a line that was quiet may have so much at once, but not less than a read.
constexpr std::uint64_t kBurstsPerSecond = 10;
constexpr std::uint64_t kLeastRead = 16 * 1024;
// libcurl's default of 16 KiB halves the rate of a fast line.
constexpr std::uint64_t kMostRead = 512 * 1024;
// libcurl fills its buffer up to a hundred times in one go while there is more: that should be a twentieth of a second.
constexpr std::uint64_t kBuffersPerSecond = 20 * 100;
constexpr std::uint64_t kLeastBuffer = 1024;
constexpr std::uint64_t kMostBuffer = 64 * 1024;
constexpr std::uint64_t kLeastKernel = 64 * 1024;
// The kernel's own choice grows only with what is read, and stays under this for a line of 5 Mbit/s.
constexpr std::uint64_t kMostKernel = 128 * 1024;

}  // namespace

LineShare::LineShare(event_base* base, const Clock& clock, Counters& counters)
    : clock_(clock), counters_(counters), refilled_(clock.steady()), later_(base, [this] { go_on(); }) {}

void LineShare::limit(config::BytesPerSecond rate) {
  if (rate == rate_) return;
  refill();
  rate_ = rate;
  left_bytes_ = 0;
  go_on();
}

std::uint64_t LineShare::read_bytes() const {
  return limited() ? std::clamp(rate_ / kBuffersPerSecond, kLeastBuffer, kMostBuffer) : kMostRead;
}

std::uint64_t LineShare::kernel_bytes() const {
  const std::uint64_t bytes = std::max(rate_ / 5, kLeastKernel);
  return limited() && bytes < kMostKernel ? bytes : 0;
}

void LineShare::spend(Flow& flow, std::uint64_t bytes) {
  if (!limited()) return;
  refill();
  flow.had_bytes = std::max(flow.had_bytes, least_had_ - std::min(least_had_, kHeadStart)) + bytes;
  left_bytes_ -= static_cast<std::int64_t>(bytes);
}

void LineShare::Turn::wait(FlowPtr flow) {
  if (waiting()) return;
  flow_ = std::move(flow);
  line_.enter(*this);
}

void LineShare::enter(Turn& turn) {
  turn.flow_->had_bytes = std::max(turn.flow_->had_bytes, least_had_ - std::min(least_had_, kHeadStart));
  waiting_.push_back(&turn);
  refill();
  if (left_bytes_ <= 0) add(counters_.line_waits);
  go_on();
}

void LineShare::forget(Turn& turn) {
  if (turn.waiting()) std::erase(waiting_, &turn);
}

void LineShare::refill() {
  const SteadyTime now = clock_.steady();
  const double seconds = std::chrono::duration<double>(now - refilled_).count();
  refilled_ = now;
  const auto most = static_cast<std::int64_t>(std::max(rate_ / kBurstsPerSecond, kLeastRead));
  left_bytes_ = std::min(left_bytes_ + static_cast<std::int64_t>(seconds * static_cast<double>(rate_)), most);
}

std::chrono::microseconds LineShare::owed() {
  refill();
  if (!limited() || left_bytes_ > 0) return {};
  const double seconds = static_cast<double>(1 - left_bytes_) / static_cast<double>(rate_);
  return std::chrono::microseconds(1000 + static_cast<std::int64_t>(seconds * 1e6));
}

void LineShare::go_on() {
  if (going_on_) return;
  going_on_ = true;
  refill();
  while (!waiting_.empty() && (left_bytes_ > 0 || !limited())) {
    const auto next = std::min_element(waiting_.begin(), waiting_.end(), [](const Turn* a, const Turn* b) {
      return a->flow_->had_bytes < b->flow_->had_bytes;
    });
    Turn& turn = **next;
    waiting_.erase(next);
    least_had_ = std::max(least_had_, turn.flow_->had_bytes);
    turn.flow_ = nullptr;
    const std::function<void()> go = turn.go_;  // it may end the turn
    go();
    refill();
  }
  going_on_ = false;
  if (!waiting_.empty()) later_.after(owed());
}

}  // namespace larder::proxy
