// SPDX-License-Identifier: MIT
#include <algorithm>

#include "base/text.h"
#include "updates/recognise.h"

namespace larder::updates {
namespace {

constexpr std::string_view kNoVersion = "99999";

int sign(int order) {
  return (order > 0) - (order < 0);
}

bool is_number(std::string_view part) {
  return std::all_of(part.begin(), part.end(), is_digit);
}

std::string_view without_zeros(std::string_view digits) {
  return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
}

// Of any length: a longer number without leading zeros is the greater.
int compare_numbers(std::string_view a, std::string_view b) {
  a = without_zeros(a);
  b = without_zeros(b);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return sign(a.compare(b));
}

int compare_parts(std::string_view a, std::string_view b) {
  const bool a_number = is_number(a);
  const bool b_number = is_number(b);
  if (a_number && b_number) return compare_numbers(a, b);
  if (a_number != b_number) return a_number ? -1 : 1;
  return sign(a.compare(b));
}

// Takes the first part off; "" when none is left, which counts as 0.
std::string_view take_part(std::string_view& version, char separator) {
  const auto end = version.find(separator);
  const auto part = version.substr(0, end);
  version.remove_prefix(end == std::string_view::npos ? version.size() : end + 1);
  return part;
}

int compare_by(std::string_view a, std::string_view b, char separator) {
  while (!a.empty() || !b.empty()) {
    const auto a_part = take_part(a, separator);
    const auto b_part = take_part(b, separator);
    if (const int order = compare_parts(a_part, b_part); order != 0) return order;
  }
  return 0;
}

// Takes what is said of a version off it: "beta 2", "RC", "(a)".
std::string_view take_stage(std::string_view& version) {
  const auto blank = std::min(version.find(' '), version.size());
  const auto stage = version.substr(std::min(blank + 1, version.size()));
  version = version.substr(0, blank);
  return stage;
}

// Betas, release candidates, the release, and what improves it.
int rank_of(std::string_view stage) {
  if (stage.starts_with("beta")) return 0;
  if (stage.starts_with("RC")) return 1;
  return stage.empty() ? 2 : 3;
}

}  // namespace

int compare_versions(std::string_view a, std::string_view b) {
  if (a == kNoVersion || b == kNoVersion) return static_cast<int>(b == kNoVersion) - static_cast<int>(a == kNoVersion);
  const auto a_stage = take_stage(a);
  const auto b_stage = take_stage(b);
  if (const int order = compare_by(a, b, '.'); order != 0) return order;
  if (const int order = rank_of(a_stage) - rank_of(b_stage); order != 0) return sign(order);
  return compare_by(a_stage, b_stage, ' ');
}

}  // namespace larder::updates
