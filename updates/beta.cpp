// SPDX-License-Identifier: MIT
#include "updates/beta.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "updates/apple_path.h"

namespace larder::updates {
namespace {

constexpr std::string_view kBeta = " beta";

}  // namespace

bool is_beta_build(std::string_view build) {
  constexpr std::size_t kDigits = 4;
  if (!is_apple_build(build) || build.back() < 'a' || build.back() > 'z') return false;
  const auto letter = std::find_if(build.begin(), build.end(), [](char c) { return !is_digit(c); });
  const std::string_view number(&*letter + 1, static_cast<std::size_t>(build.end() - letter - 2));
  return number.size() == kDigits && std::all_of(number.begin(), number.end(), is_digit) && number.front() >= '5';
}

std::string with_beta(std::string version, std::string_view build) {
  if (!version.empty() && version.find(' ') == std::string::npos && is_beta_build(build)) version += kBeta;
  return version;
}

bool is_trial(std::string_view version) {
  constexpr std::array<std::string_view, 3> kSaid{"beta", "seed", "RC"};
  return std::any_of(kSaid.begin(), kSaid.end(),
                     [&](std::string_view said) { return version.find(said) != std::string_view::npos; });
}

bool says_more_of_beta(std::string_view more, std::string_view less) {
  if (less.empty() || more.size() <= less.size() || !more.starts_with(less)) return false;
  const bool beta = less.ends_with(kBeta);
  return more.substr(less.size()).starts_with(beta ? std::string_view(" ") : kBeta);
}

}  // namespace larder::updates
