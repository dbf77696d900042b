// SPDX-License-Identifier: MIT
// An answer whose length nobody knows yet, of a host that is cached as RFC 9111 says: it is taken from the fill that
// receives it (relay.h), as a pass is taken.
#include <algorithm>

#include "base/text.h"
#include "cache/variants.h"
#include "proxy/conditional.h"
#include "proxy/exchange.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {

// Whoever does not take it asks for himself, in his own words.
void Exchange::begin_relay() {
  std::shared_ptr<Relay> relay = mirror_->relay();
  if (!takes(relay->terms())) {
    leave_fill();
    begin_pass();
    return;
  }
  relay_ = std::move(relay);
  passing_ = true;
  pass_ended_ = false;
  loop_.pass_inbox.expect(id_, *this);
  loop_.site.origin_thread.post(
      [&loop = loop_, relay = relay_, id = id_] { relay->add(id, loop.thread, loop.pass_inbox); });
}

bool Exchange::takes(const Relay::Terms& terms) const {
  if (terms.only_for && *terms.only_for != id_) return false;
  if (ranges_ && !terms.range_ignored) return false;
  const cache::SaysOfField theirs = says(terms.request);
  const cache::SaysOfField ours = says_of_fields();
  const std::vector<std::string> fields = cache::nominated_fields(terms.answer.received);
  const bool selected = std::all_of(fields.begin(), fields.end(), [&](const std::string& name) {
    const auto said = theirs(name);
    const auto asked = ours(name);
    if (!said || !asked) return said == asked;
    return cache::normalised(name, *said) == cache::normalised(name, *asked);
  });
  if (!selected) return false;
  CurrentValidators current;
  current.etag = terms.answer.validators.etag;
  current.last_modified = terms.answer.validators.last_modified;
  const bool good = terms.answer.status / 100 == 2;
  if (good && evaluate_conditions(*head_, current) != Condition::proceed) return false;
  if (record_.answered != reports::Answered::joined) return true;
  // Who has come since could not use it stored without asking (RFC 9111 4).
  if (!terms.freshness) return false;
  const bool newer = terms.freshness->response_time >= record_.time;
  const cache::RequestDirectives wish = newer ? cache::RequestDirectives{} : directives();
  return cache::use_for(*terms.freshness, asked_->name, wish, loop_.site.clock.now()) != cache::Use::after_asking;
}

// What is told of it to who was not the first to ask: its age, and nothing that is for another.
OriginAnswer Exchange::relayed_head(const OriginAnswer& answer) const {
  OriginAnswer told = answer;
  if (record_.answered == reports::Answered::miss) return told;
  told.withheld.clear();
  std::erase_if(told.received, [](const auto& field) { return equals_ignoring_case(field.first, "Age"); });
  const auto age = cache::current_age(*relay_->terms().freshness, loop_.site.clock.now());
  told.received.emplace_back("Age", std::to_string(age.count()));
  return told;
}

// Only now its length is known.
void Exchange::relay_came_whole() {
  record_.bytes_asked = record_.bytes_sent;
  if (record_.status != 200) return;
  record_.object_bytes = record_.bytes_sent;
  if (record_.bytes_sent > 0) record_.sent_ranges.emplace_back(0, record_.bytes_sent);
}

}  // namespace larder::proxy
