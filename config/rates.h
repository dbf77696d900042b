// SPDX-License-Identifier: MIT
// How fast Larder may send and fetch, and when: rates as people write them, hours of the day, and which of them hold at
// a moment. Pure; whose clock it is, is the caller's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace larder::config {

// Bytes a second; 0: no limit.
using BytesPerSecond = std::uint64_t;

// Hours of some days, in local time.
struct RateWindow {
  std::array<bool, 7> days{true, true, true, true, true, true, true};  // from Monday
  std::uint16_t begin_minute = 0;                                      // of the day
  std::uint16_t end_minute = 1440;       // not included; at or before begin_minute: on the next day
  std::optional<BytesPerSecond> client;  // in place of RatesConfig::client; nothing: as there
  std::optional<BytesPerSecond> line;
};

struct RatesConfig {
  BytesPerSecond client = 0;  // what is sent to one address
  BytesPerSecond line = 0;    // what is received from all origins
  std::vector<RateWindow> windows;
};

struct LocalMinute {
  unsigned weekday = 0;  // 0: Monday
  unsigned minute = 0;   // of the day
};

struct Rates {
  BytesPerSecond client = 0;
  BytesPerSecond line = 0;
};

// The first window that holds at this minute says what it says; everything else is as outside the windows.
Rates rates_at(const RatesConfig& rates, LocalMinute now);

// "50 Mbit/s", "10 MiB/s", "500 kB/s"; "" is no limit. Units bit, kbit, Mbit, Gbit, B, kB, KiB, MB, MiB, GB, GiB,
// written so; one space or none before the unit. From 64 kbit/s, under which no device gets an update, to 1 Tbit/s.
Result<BytesPerSecond> parse_rate(std::string_view text);
std::string format_rate(BytesPerSecond rate);  // text that parses to the same rate

struct Hours {
  std::uint16_t begin_minute = 0;
  std::uint16_t end_minute = 1440;
};
// "08:00-17:00", "22:00-06:00" (until the next day), "00:00-24:00".
Result<Hours> parse_hours(std::string_view text);
std::string format_hours(Hours hours);

// "mon" to "sun", from Monday.
const std::vector<std::string_view>& day_names();

}  // namespace larder::config
