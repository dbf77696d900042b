// SPDX-License-Identifier: MIT
#include "proxy/lane.h"

#include "proxy/fill.h"
#include "proxy/via.h"

namespace larder::proxy {

Lane::Lane(Fill& fill, OriginClient& client, event_base* base, Ask what, std::uint64_t first, std::uint64_t last)
    : ask(what), next(first), end(last), fill_(fill), client_(client), retry_(base, [this] { send(); }) {}

Lane::~Lane() = default;

void Lane::send() {
  transfer_.reset();
  attempt_start = next;
  requested_first = ask == Ask::range ? next : 0;
  answered_end = 0;
  skip = 0;
  satisfied = false;
  ask_again = false;
  gathering = false;
  gathered.clear();
  complaint.clear();
  granted = false;
  hopeless = false;
  fill_.choose_place(*this);
  TransferSpec spec;
  spec.flow = fill_.flow();
  spec.urgency = fill_.urgency();
  spec.url = fill_.place(place);
  spec.asking = fill_.state() == FillState::asking ? Asking::anew : Asking::resumed;
  spec.fields = fill_.condition_fields(*this);
  if (const auto& standard = fill_.order().standard) {
    spec.redirects = Redirects::relay;
    spec.fields.insert(spec.fields.end(), standard->fields.begin(), standard->fields.end());
  } else {
    spec.fields.push_back("Via: " + via_entry("1.1"));
    // Bytes are stored as the origin has them: a compressed form would be another object.
    spec.fields.emplace_back("Accept-Encoding: identity");
  }
  if (ask == Ask::range) {
    std::string range = "Range: bytes=" + std::to_string(next) + "-";
    if (end != kOpenEnd) range += std::to_string(end - 1);
    spec.fields.push_back(std::move(range));
  }
  transfer_ = client_.start(std::move(spec), *this);
}

void Lane::send_after(std::chrono::milliseconds delay) {
  retry_.after(delay);
}

void Lane::hold(bool held) {
  if (transfer_) transfer_->hold(held);
}

void Lane::on_interim(const OriginAnswer& answer) {
  fill_.lane_interim(answer);
}

bool Lane::on_head(const OriginAnswer& answer) {
  return fill_.lane_head(*this, answer);
}

bool Lane::on_body(std::span<const std::byte> bytes) {
  return fill_.lane_body(*this, bytes);
}

void Lane::on_end(Status status) {
  transfer_.reset();
  fill_.lane_ended(*this, status);
}

}  // namespace larder::proxy
