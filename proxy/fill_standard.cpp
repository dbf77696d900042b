// SPDX-License-Identifier: MIT
// Fills of hosts that are cached as RFC 9111 says: every final answer may be an object, several variants of it are kept
// side by side, and nothing is asked twice because of what was answered.
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "proxy/fill.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {
namespace {

// Of a host of updates, which is asked without a client's fields, what varies is one answer only when it varies by the
// encoding and is not encoded.
bool varies_for_asker(const OriginAnswer& answer) {
  for (const std::string& field : cache::nominated_fields(answer.received)) {
    if (field != "accept-encoding" || !answer.content_encoding.empty()) return true;
  }
  return false;
}

}  // namespace

cache::SaysOfField says(const cache::Fields& request) {
  return [&request](std::string_view name) -> std::optional<std::string> {
    if (cache::find_field(request, name) == nullptr) return std::nullopt;
    return cache::joined(request, name);
  };
}

std::optional<cache::Freshness> Fill::freshness_of(const OriginAnswer& answer) const {
  const int status = answer.status == 206 ? 200 : answer.status;
  if (!order_.standard && order_.name == cache::NameClass::ordinary && varies_for_asker(answer)) return std::nullopt;
  return cache::freshness_of(answer.received, status, order_.name, order_.standard && order_.standard->authorized,
                             asked_at_, desk_.clock.now());
}

// Whether what is stored may be sent though the origin fails (RFC 9111 4.2.4).
bool Fill::stale_will_do() const {
  return state_ == FillState::asking && fallback_ && fallback_->complete() &&
         cache::good_on_error(fallback_->freshness, order_.name, order_.directives, desk_.clock.now());
}

// It may be a stream that never ends, which its reader wants as it comes.
void Fill::not_gathered_soon() {
  if (state_ != FillState::asking) return;
  if (order_.standard) {
    if (!lanes_.empty() && is_gathering(*lanes_.front())) begin_relay(*lanes_.front());
    return;
  }
  desk_.remember_uncacheable(order_.url);
  end(FillState::pass);
}

// From now on it cannot begin anew.
void Fill::begin_relay(Lane& lane) {
  Relay::Terms terms{gathering_answer_, order_.standard->request, freshness_of(gathering_answer_), {}, range_ignored_};
  std::string begun = std::move(lane.gathered);
  if (answering_) {
    terms.only_for = answering_->only_for;
    begun = std::move(answering_->body);
  }
  answering_.reset();
  relay_ = std::make_shared<Relay>(desk_.thread, std::move(terms), std::move(begun), lane.gathering, desk_.relayed,
                                   [&lane](bool held) { lane.hold(held); });
  state_ = FillState::relaying;
  announce();
}

void Fill::relay_ended(Lane& lane, const Status& status) {
  relay_->end(status);
  if (!status) {
    give_up(status.error());
  } else if (relay_->kept()) {
    gathered(lane);
  } else {
    end(FillState::pass);
  }
}

void Fill::not_to_be_kept() {
  if (relay_) relay_->keep_no_more();
}

// What is to be stored gets the key its Vary makes of the request.
void Fill::name_variant(const OriginAnswer& answer) {
  const auto fields = cache::nominated_fields(answer.received);
  const std::string key = desk_.variant_key(order_.url, fields, order_.standard->request);
  if (key == order_.key) return;
  desk_.rename(*this, key);
  order_.key = key;
}

// An answer that is no object for now: gathered, and then told to those who wait, or to one of them.
void Fill::tell_alone(const OriginAnswer& answer, std::optional<ReaderId> only_for) {
  answering_ = std::make_shared<WholeAnswer>();
  answering_->status = answer.status;
  answering_->validators = answer.validators;
  answering_->fields = answer.kept;
  answering_->only_for = only_for;
  if (!order_.standard) return;
  gathering_answer_ = answer;
  const auto add = [&](const cache::Fields& more) {
    answering_->fields.insert(answering_->fields.end(), more.begin(), more.end());
  };
  add(answer.personal);
  if (only_for) add(answer.withheld);
}

// An answer other than 200, to the first request. An error while validating counts as no answer where what is stored
// may be sent instead (RFC 9111 4.3.3); everything else is what the client is told, and is stored when it may be and
// could be used again.
bool Fill::head_standard(Lane& lane, const OriginAnswer& answer) {
  if (answer.status == 206 || answer.status == 304) {
    lane.complaint = order_.origin.host + " answers " + std::to_string(answer.status) +
                     ", which was not asked for, for " + order_.key;
    return false;
  }
  if (answer.status >= 500 && stale_will_do()) {
    give_up(fail(ErrorKind::origin_failed, order_.origin.host + " answers " + std::to_string(answer.status)));
    return false;
  }
  const auto freshness = freshness_of(answer);
  const bool worth_storing = freshness && (freshness->lifetime > freshness->initial_age || !answer.validators.empty());
  if (fallback_ && !worth_storing && (answer.status == 404 || answer.status == 410)) {
    desk_.forget(order_.key, fallback_->extent);
  }
  validating_ = false;
  object_ = fallback_ = nullptr;
  // The end of the connection ends it, and so would a break.
  const bool endless =
      !answer.content_length && !answer.chunked && answer.status != 204 && answer.protocol.starts_with("1.");
  if (!worth_storing || endless) {
    // The others could not have used it stored, and ask for themselves (RFC 9111 4).
    const bool reusable = freshness && freshness->lifetime > freshness->initial_age;
    tell_alone(answer, reusable ? std::nullopt : owner());
    return true;
  }
  lane.ask = Lane::Ask::whole;
  lane.next = 0;
  lane.end = kOpenEnd;
  lane.gathering = true;
  gathering_answer_ = answer;
  return true;
}

}  // namespace larder::proxy
