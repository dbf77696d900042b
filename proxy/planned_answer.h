// SPDX-License-Identifier: MIT
// PlannedAnswer: what one request head gets of one object, but for what changes with time: date, age, how it was come
// by.
#pragma once

#include <string>

#include "cache/object.h"
#include "proxy/range.h"
#include "proxy/response_head.h"

namespace larder::proxy {

struct PlannedAnswer {
  cache::ObjectPtr object;  // null: nothing is planned
  ClientAnswer::Connection connection = ClientAnswer::Connection::unsaid;
  int status = 200;
  RangeSet set;  // of the object; no ranges: all of it
  bool sends_body = false;
  bool says_date = false;  // among the object's own fields
  bool says_via = false;
  std::string_view earlier_caches;  // of the object's own fields
  std::string rest;                 // of the head, from behind what changes to its empty line

  bool is_for(const cache::ObjectPtr& wanted, ClientAnswer::Connection how) const {
    return object != nullptr && object == wanted && connection == how;
  }
};

}  // namespace larder::proxy
