// SPDX-License-Identifier: MIT
// Conditional requests (RFC 9110 13): whether what Larder holds is what the client means. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "proxy/request_head.h"

namespace larder::proxy {

// What is known of the object that would be sent. Views: valid as long as the object.
struct CurrentValidators {
  std::string_view etag;                     // what clients are told; "" none
  std::span<const std::string> other_etags;  // others the origin has used for the same bytes
  std::string_view last_modified;            // verbatim; "" none
  // When the answer that carried last_modified was received. A date is a strong validator only if it is older than that
  // by a second or more (RFC 9110 8.8.2.2); without it no date is taken as strong.
  std::optional<WallTime> received;
  // The answer's Date, which stands in for a missing last_modified with If-Modified-Since alone (RFC 9111 4.3.2).
  std::string_view date;
};

enum class Condition {
  proceed,             // send it
  not_modified,        // 304
  precondition_failed  // 412; or ask the origin, whose validators of the same bytes may be ones never seen here
};

// If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since in the order of RFC 9110 13.2.2. Dates that do not
// parse and fields without a validator to compare with are ignored. If-Range is apart: it only decides about Range.
Condition evaluate_conditions(const RequestHead& head, const CurrentValidators& current);

// Whether Range may be honoured: the field's tag is one of the object's, both strong, or its date is Last-Modified
// exactly and strong. Call only when the request has If-Range.
bool if_range_holds(std::string_view value, const CurrentValidators& current);

// Strong comparison (RFC 9110 8.8.3.2): both strong and the same bytes.
bool same_strong_etag(std::string_view a, std::string_view b);
// Weak comparison: the same opaque bytes, W/ or not.
bool same_weak_etag(std::string_view a, std::string_view b);

}  // namespace larder::proxy
