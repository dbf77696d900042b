// SPDX-License-Identifier: MIT
#include "admin/event.h"

#include <array>
#include <random>

#include "admin/json.h"
#include "base/text.h"

namespace larder::admin {
namespace {

constexpr std::size_t kShown = 200;

constexpr std::array<std::string_view, 6> kCommon{"id", "event", "time", "site", "severity", "text"};

// Marks that turn the direction of writing: U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069.
bool turns(std::string_view three) {
  if (three.size() < 3 || three[0] != '\xE2') return false;
  const auto second = static_cast<unsigned char>(three[1]);
  const auto third = static_cast<unsigned char>(three[2]);
  if (second == 0x80) return third == 0x8E || third == 0x8F || (third >= 0xAA && third <= 0xAE);
  return second == 0x81 && third >= 0xA6 && third <= 0xA9;
}

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

}  // namespace

std::string new_event_id() {
  std::random_device random;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  while (id.size() < 32) {
    for (unsigned bits = random(), digit = 0; digit < 8; ++digit, bits >>= 4) id.push_back(kDigits[bits & 0xF]);
  }
  return id;
}

std::string plain(std::string_view text) {
  const bool utf8 = is_printable_utf8(text);
  std::string shown;
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::size_t bytes = 1;
    while (utf8 && at + bytes < text.size() && continues(text[at + bytes])) ++bytes;
    if (shown.size() + bytes > kShown) return shown + "...";
    const bool seen = utf8 ? !turns(text.substr(at, bytes)) : text[at] >= ' ' && text[at] < 0x7F;
    if (seen) {
      shown += text.substr(at, bytes);
    } else {
      shown += '?';
    }
    at += bytes - 1;
  }
  return shown;
}

std::string event_json(const Event& event) {
  Json json{{"id", event.id},     {"event", event.name},        {"time", event.time},
            {"site", event.site}, {"severity", event.severity}, {"text", event.text}};
  for (const auto& [name, value] : event.fields) {
    if (const auto* text = std::get_if<std::string>(&value)) {
      json[name] = *text;
    } else {
      json[name] = std::get<std::uint64_t>(value);
    }
  }
  return dumped(json);
}

std::optional<Event> parse_event(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  Event event;
  const std::array<std::string*, kCommon.size()> common{&event.id,   &event.name,     &event.time,
                                                        &event.site, &event.severity, &event.text};
  for (std::size_t i = 0; i < kCommon.size(); ++i) {
    const auto found = json.find(kCommon.at(i));
    if (found == json.end() || !found->is_string()) return std::nullopt;
    *common.at(i) = found->get<std::string>();
  }
  for (const auto& [name, value] : json.items()) {
    if (value.is_number_unsigned()) event.fields.emplace_back(name, value.get<std::uint64_t>());
    const bool ours = std::find(kCommon.begin(), kCommon.end(), name) != kCommon.end();
    if (value.is_string() && !ours) event.fields.emplace_back(name, value.get<std::string>());
  }
  return event.id.empty() ? std::nullopt : std::optional(std::move(event));
}

}  // namespace larder::admin
