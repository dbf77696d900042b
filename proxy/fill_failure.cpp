// SPDX-License-Identifier: MIT
// What an origin's failure means for a fill: another place of the same bytes, another try, an answer to relay, the end.
//
// While nobody has been told anything, every place is asked in turn and then, if the origin's budget of retries allows,
// once more: the askers can still go to the origin themselves, so they are not kept waiting. Once an answer has begun
// its readers can only be cut, so the lane goes on much longer. What is held, though stale, is better than an error.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include "base/text.h"
#include "proxy/fill.h"
#include "proxy/fill_desk.h"
#include "proxy/origin_limits.h"
#include "updates/hosts.h"

namespace larder::proxy {
namespace {

// Rounds of all places for the first request.
constexpr unsigned kFirstRounds = 2;
// Rounds in which every place says, in the middle of an object, that it has no such thing: it has been taken away.
constexpr unsigned kGoneRounds = 2;
constexpr std::int64_t kBackoffMs = 500;
constexpr std::int64_t kBackoffMostMs = 8000;

// Once at once, since most failures are of one connection; then ever later, with a quarter of chance so that many fills
// do not knock together.
std::chrono::milliseconds backoff(unsigned rounds) {
  if (rounds <= 1) return std::chrono::milliseconds(0);
  const std::int64_t base_ms = std::min(kBackoffMs << std::min(rounds - 2, 8U), kBackoffMostMs);
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::chrono::milliseconds(base_ms + std::uniform_int_distribution<std::int64_t>(0, base_ms / 4)(random));
}

bool may_be_better_later(int status) {
  return status >= 500 || status == 429 || status == 408;
}

bool has(const OriginAnswer& answer, std::string_view name) {
  return std::any_of(answer.received.begin(), answer.received.end(),
                     [&](const auto& field) { return equals_ignoring_case(field.first, name); });
}

// Microsoft's CDN says 400 for what it does not have.
bool says_missing(const updates::Url& asked, int status) {
  if (status == 404 || status == 410) return true;
  const updates::Host* host = status == 400 ? updates::find_host(asked.host) : nullptr;
  return host != nullptr && host->vendor == updates::Vendor::microsoft;
}

std::string origin_of(const updates::Url& url) {
  return config::Endpoint{url.host, url.port}.text();
}

}  // namespace

// ---- places ----

unsigned Fill::places() const {
  return static_cast<unsigned>(order_.fallbacks.size() + 1);
}

const updates::Url& Fill::place(unsigned number) const {
  return number == 0 ? order_.origin : order_.fallbacks.at(number - 1);
}

bool Fill::round_done(const Lane& lane) const {
  return lane.tries % places() == 0;
}

// The next place, in turn; one that is left alone is passed over while another is not.
void Fill::choose_place(Lane& lane) {
  const OriginHealth& health = desk_.client.health();
  if (round_done(lane)) lane.failed_for_now = false;
  const unsigned left_in_round = places() - lane.tries % places();
  for (unsigned i = 0; i < left_in_round; ++i) {
    const unsigned number = (lane.tries + i) % places();
    if (health.left_alone(origin_of(place(number)))) continue;
    if (i > 0) lane.failed_for_now = true;
    lane.tries += i;
    break;
  }
  lane.place = lane.tries++ % places();
}

// ---- an answer that is no object ----

bool Fill::head_other(Lane& lane, const OriginAnswer& answer) {
  const std::string& host = place(lane.place).host;
  const std::string said = host + " answers " + std::to_string(answer.status);
  if (answer.status == 206 || answer.status == 304) {
    lane.complaint = said + ", which was not asked for, for " + order_.key;
    return false;
  }
  const bool later = may_be_better_later(answer.status);
  if (state_ == FillState::filling) {
    lane.complaint = said + " in the middle of " + order_.key;
    lane.gone = later ? 0 : lane.gone + 1;
    return false;
  }
  lane.complaint = said + " for " + order_.key;
  if (!later && lane.place == 0) missing_ = relayed(lane, answer);
  if (!round_done(lane)) {
    lane.failed_for_now = lane.failed_for_now || later;
    lane.ask_again = true;  // another place may have it
    return false;
  }
  if (later || lane.failed_for_now) {
    if (missing_) {
      end_missing();
      return false;
    }
    const bool asks_for_time = retry_after(answer, desk_.clock.now()).has_value();
    lane.hopeless = stale_will_do() || asks_for_time || !first_again(lane);
    // What another place does not have is no answer while the one that may have it is failing.
    if (!lane.hopeless || stale_will_do() || !later) return false;
  }
  lane.complaint.clear();
  validating_ = false;
  fallback_ = nullptr;
  answering_ = relayed(lane, answer);
  return true;
}

// An answer for everyone, without its body; what was known of the object is forgotten when it is gone.
std::shared_ptr<WholeAnswer> Fill::relayed(const Lane& lane, const OriginAnswer& answer) {
  const auto wait = may_be_better_later(answer.status) ? retry_after(answer, desk_.clock.now()) : std::nullopt;
  negative_life_ = wait ? *wait : negative_life(place(lane.place), answer);
  auto relay = std::make_shared<WholeAnswer>();
  relay->status = answer.status;
  relay->validators = answer.validators;
  relay->fields = answer.kept;
  return relay;
}

// The origin itself has it not, and the other places cannot be asked: the origin's word counts.
void Fill::end_missing() {
  std::erase_if(missing_->fields, [](const auto& field) { return to_lower(field.first).starts_with("content-"); });
  answer_with(std::exchange(missing_, nullptr));
}

// The answer is whole.
void Fill::answer_with(std::shared_ptr<const WholeAnswer> answer) {
  if (object_ && (answer->status == 404 || answer->status == 410)) desk_.forget(order_.key, object_->extent);
  const bool shared = !order_.standard && !answer->only_for;
  if (shared && negative_life_.count() > 0) desk_.remember_negative(order_.url, *answer, negative_life_);
  answer_ = std::move(answer);
  end(FillState::answered);
}

// How long this "not here" is repeated without asking: as the answer says, within limits, else for some seconds.
std::chrono::seconds Fill::negative_life(const updates::Url& asked, const OriginAnswer& answer) const {
  using std::chrono::seconds;
  if (!says_missing(asked, answer.status) || has(answer, "Vary")) return seconds(0);
  const auto freshness =
      cache::freshness_of(answer.received, 200, cache::NameClass::ordinary, false, asked_at_, desk_.clock.now());
  if (!freshness) return seconds(0);
  const bool told = has(answer, "Cache-Control") || has(answer, "Expires") || has(answer, "Pragma");
  const seconds life = told ? freshness->lifetime - freshness->initial_age : limits::kNegativeLife;
  return std::clamp(life, seconds(0), limits::kNegativeMost);
}

// ---- another try ----

// Whether the first request may go round all places once more. Takes a retry from the origin's budget, once a round.
bool Fill::first_again(Lane& lane) {
  if (lane.tries >= kFirstRounds * places()) return false;
  if (!lane.granted) lane.granted = desk_.client.health().may_retry(origin_of(order_.origin));
  return lane.granted;
}

bool Fill::worth_retrying(Lane& lane, const Error& error) {
  const bool final_here = error.kind == ErrorKind::refused || error.kind == ErrorKind::busy;
  if (state_ == FillState::asking) {
    if (lane.hopeless) return false;
    lane.failed_for_now = true;
    if (!round_done(lane)) return true;
    // Who has waited for a time-out has waited long enough.
    return !final_here && error.kind != ErrorKind::timed_out && first_again(lane);
  }
  if (final_here) ++lane.gone;
  if (lane.gone >= kGoneRounds * places()) return false;
  return lane.attempts < std::max(desk_.config.fills.attempts, kGoneRounds * places());
}

void Fill::retry(Lane& lane, const Status& status) {
  if (lane.next > lane.attempt_start) lane.attempts = lane.gone = 0;
  ++lane.attempts;
  Error error = fail(ErrorKind::origin_failed, place(lane.place).host + " sends less than it says of " + order_.key);
  if (!lane.complaint.empty()) {
    error.message = lane.complaint;
  } else if (!status) {
    error = status.error();
  }
  if (state_ == FillState::asking && missing_ && round_done(lane)) {
    end_missing();
    return;
  }
  if (!worth_retrying(lane, error)) {
    give_up(std::move(error));
    return;
  }
  spdlog::info("attempt {}: {}; going on at byte {}", lane.attempts, error.message, lane.next);
  add(desk_.counters.origin_retries);
  if (object_ && lane.ask == Lane::Ask::whole) lane.ask = Lane::Ask::range;
  lane.send_after(round_done(lane) ? backoff(lane.attempts / places()) : std::chrono::milliseconds(0));
}

// ---- the end ----

void Fill::give_up(Error error) {
  if (stale_will_do()) {
    spdlog::warn("serving {} stale: {}", order_.key, error.message);
    stale_ = true;
    object_ = fallback_;
    end(FillState::finished, std::move(error));
    return;
  }
  // RFC 9111 5.2.2.2: who must ask and cannot, says 504.
  const bool must_ask = state_ == FillState::asking && fallback_ && fallback_->freshness.must_revalidate;
  if (must_ask) error.kind = ErrorKind::timed_out;
  spdlog::warn("fill failed: {}", error.message);
  end(FillState::failed, std::move(error));
}

}  // namespace larder::proxy
