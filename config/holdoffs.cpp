// SPDX-License-Identifier: MIT
#include "config/holdoffs.h"

#include <algorithm>

#include "base/text.h"
#include "config/duration.h"

namespace larder::config {
namespace {

constexpr std::string_view kPrefix = "0409";
constexpr std::size_t kNameBytes = 64;
constexpr std::chrono::seconds kLongest = std::chrono::hours(24 * 30);

std::string_view without_prefix(std::string_view application) {
  return application.starts_with(kPrefix) ? application.substr(kPrefix.size()) : application;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameBytes && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || c == '-';
  });
}

Result<Holdoff> parse(std::string_view text) {
  std::vector<std::string_view> words;
  for (const std::string_view word : split(text, ' ')) {
    if (!word.empty()) words.push_back(word);
  }
  const auto wrong = [&](const std::string& why) {
    return fail(ErrorKind::invalid,
                "\"" + std::string(text) + "\" " + why +
                    "; write an application's id, a channel if it is for one alone, and how long: " +
                    "\"OPIM2019 6h\", \"MSWD2019 Preview 0s\"");
  };
  if (words.size() < 2 || words.size() > 3) return wrong("has not two or three words");
  for (const std::string_view word : words) {
    if (!is_name(word)) return wrong("has a word of other than letters, digits and dashes");
  }
  const auto lasting = parse_duration(words.back());
  if (!lasting) return wrong("ends in no span of time");
  if (*lasting > kLongest) return wrong("is longer than 30 days");
  Holdoff holdoff{std::string(without_prefix(words[0])), words.size() == 3 ? std::string(words[1]) : "", *lasting};
  if (holdoff.application.empty()) return wrong("names no application");
  return holdoff;
}

}  // namespace

std::optional<std::vector<Holdoff>> read_holdoffs(const Value& value, KeyProblems& problems) {
  std::vector<Holdoff> holdoffs;
  const bool good = for_each_text(value, problems, [&](std::uint32_t line, const std::string& text) {
    auto holdoff = parse(text);
    if (!holdoff) {
      problems.add(line, holdoff.error().message);
      return false;
    }
    holdoffs.push_back(std::move(*holdoff));
    return true;
  });
  return good ? std::optional(std::move(holdoffs)) : std::nullopt;
}

std::string holdoff_text(const Holdoff& holdoff) {
  const std::string channel = holdoff.channel.empty() ? "" : " " + holdoff.channel;
  return holdoff.application + channel + " " + format_duration(holdoff.lasting);
}

}  // namespace larder::config
