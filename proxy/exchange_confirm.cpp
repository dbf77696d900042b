// SPDX-License-Identifier: MIT
// Of a host that is cached as RFC 9111 says: an answer that came for another request, and may be reused by none without
// asking (no-cache, no lifetime), is this request's only when the origin says so to it. Its bytes are shared all the
// same: a 304 costs the line none.
#include "proxy/exchange.h"
#include "proxy/fill_desk.h"

namespace larder::proxy {

// Whether this request, which waits for a fill that another began, could not have used its answer stored (RFC 9111 4).
bool Exchange::needs_confirmation() const {
  const bool waits_for_another = record_.answered == reports::Answered::joined && !mirror_->stale();
  if (!asked_->standard || !waits_for_another || confirmed_ == object_->extent) return false;
  // How fresh this request wants it, it is, if it has been answered since.
  const bool newer = object_->freshness.response_time >= record_.time;
  if (newer && mirror_->confirmed_by() == 304) return false;
  const cache::RequestDirectives wish = newer ? cache::RequestDirectives{} : directives();
  const auto use = cache::use_for(object_->freshness, asked_->name, wish, loop_.site.clock.now());
  return use == cache::Use::after_asking;
}

void Exchange::ask_for_confirmation() {
  const cache::Validators& held = object_->origin;
  if (held.empty()) {  // there is nothing to ask by
    leave_fill();
    begin_pass();
    return;
  }
  confirming_ = true;
  std::vector<std::string> fields = standard_ask()->fields;
  if (!held.etag.empty()) fields.push_back("If-None-Match: " + held.etag);
  if (!held.last_modified.empty()) fields.push_back("If-Modified-Since: " + held.last_modified);
  if (ranges_) fields.push_back("Range: " + head_->joined("Range"));
  begin_pass_at(target().url.origin, std::move(fields), "GET");
}

// Whether the head is of that question, and not an answer for the client.
bool Exchange::takes_confirmation(const OriginAnswer& answer) {
  if (!confirming_) return false;
  if (answer.status == 304) {
    if (may_be_same(*object_, answer)) confirmed_ = object_->extent;
    return true;
  }
  confirming_ = false;
  leave_fill();
  record_.answered = reports::Answered::pass;
  return false;
}

void Exchange::confirmation_ended(const Status& status) {
  confirming_ = passing_ = false;
  loop_.pass_inbox.forget(id_);
  if (!status && cache::good_on_error(object_->freshness, asked_->name, directives(), loop_.site.clock.now())) {
    confirmed_ = object_->extent;
  }
  if (confirmed_ == object_->extent) {
    on_fill_before_answer();
    return;
  }
  leave_fill();
  if (status) {  // it knows another version
    begin_pass();
  } else {
    origin_failed(status.error());
  }
}

}  // namespace larder::proxy
