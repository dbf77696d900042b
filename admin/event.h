// SPDX-License-Identifier: MIT
// Event: something that webhooks are told of. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace larder::admin {

struct Event {
  using Value = std::variant<std::string, std::uint64_t>;

  std::string id;                                     // 32 hex digits; its own
  std::string name;                                   // one of config::webhook_events(), or "test"
  std::string time;                                   // RFC 3339
  std::string site;                                   // by which name devices reach this Larder
  std::string severity;                               // "info", "warning", "error"
  std::string text;                                   // a sentence, without control characters
  std::vector<std::pair<std::string, Value>> fields;  // of its name, in this order
};

std::string new_event_id();

// What catalogues and origins say, fit for a sentence: at most 200 bytes of UTF-8, what cannot be seen or turns the
// direction of writing replaced by '?'.
std::string plain(std::string_view text);

// What is kept of an event, and what a webhook of format "json" is sent.
std::string event_json(const Event& event);
// Nothing when it is none.
std::optional<Event> parse_event(std::string_view json);

}  // namespace larder::admin
