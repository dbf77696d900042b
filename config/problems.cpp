// SPDX-License-Identifier: MIT
#include "config/problems.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace larder::config {
namespace {

constexpr std::size_t kMostShown = 120;  // characters of foreign text in one message

}  // namespace

std::string Problem::text() const {
  return line == 0 ? file + ": " + message : file + ":" + std::to_string(line) + ": " + message;
}

void Problems::add(std::uint32_t line, std::string message) {
  found_.push_back(Problem{file_, line, std::move(message)});
}

std::vector<Problem> Problems::take() && {
  std::stable_sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
  return std::move(found_);
}

std::string in_quotes(std::string_view text) {
  std::string shown = "\"";
  for (const char c : text.substr(0, kMostShown)) {
    const auto byte = static_cast<unsigned char>(c);
    shown.push_back(byte < 0x20 || byte == 0x7F ? '?' : c);
  }
  while (!is_printable_utf8(shown)) shown.pop_back();  // a character cut in two, at most
  return shown + (text.size() > kMostShown ? "...\"" : "\"");
}

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates) {
  if (text.size() > kMostShown) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, text.size() / 3) + 1;
  for (const auto candidate : candidates) {
    const std::size_t distance = edit_distance(text, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace larder::config
