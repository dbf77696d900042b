// SPDX-License-Identifier: MIT
#include "config/rate_window_keys.h"

#include <algorithm>

#include "config/show_value.h"

namespace larder::config {
namespace {

// What a window says of a rate; "-" when it says nothing.
std::string shown(const std::optional<BytesPerSecond>& rate) {
  return rate ? format_rate(*rate) : "-";
}

template <class Text>
std::string show_windows(const Config& config, const Text& text) {
  std::vector<std::string> texts;
  for (const auto& window : config.rates.windows) texts.push_back(text(window));
  return show_list(texts);
}

}  // namespace

void set_window_hours(RateWindow& window, const Value& value, KeyProblems& problems) {
  const auto text = read_text(value, problems);
  if (!text) return;
  const auto span = parse_hours(*text);
  if (!span) {
    problems.add(value.line, span.error().message);
    return;
  }
  window.begin_minute = span->begin_minute;
  window.end_minute = span->end_minute;
}

void set_window_days(RateWindow& window, const Value& value, KeyProblems& problems) {
  const auto days = read_names(value, day_names(), problems);
  if (!days) return;
  if (days->empty()) {
    problems.add(value.line, "a window on no day never holds; name days, or leave them away for every day");
  }
  for (std::size_t day = 0; day < window.days.size(); ++day) {
    window.days.at(day) = std::find(days->begin(), days->end(), day_names()[day]) != days->end();
  }
}

void set_window_client(RateWindow& window, const Value& value, KeyProblems& problems) {
  window.client = read_rate(value, problems);
}

void set_window_line(RateWindow& window, const Value& value, KeyProblems& problems) {
  window.line = read_rate(value, problems);
}

std::string show_window_hours(const Config& config) {
  return show_windows(config, [](const RateWindow& window) {
    return format_hours({window.begin_minute, window.end_minute});
  });
}

std::string show_window_days(const Config& config) {
  return show_windows(config, [](const RateWindow& window) {
    std::string text;
    for (std::size_t day = 0; day < window.days.size(); ++day) {
      if (window.days.at(day)) text += (text.empty() ? "" : " ") + std::string(day_names()[day]);
    }
    return text;
  });
}

std::string show_window_clients(const Config& config) {
  return show_windows(config, [](const RateWindow& window) { return shown(window.client); });
}

std::string show_window_lines(const Config& config) {
  return show_windows(config, [](const RateWindow& window) { return shown(window.line); });
}

}  // namespace larder::config
