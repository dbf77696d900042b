// SPDX-License-Identifier: MIT
#include "proxy/via.h"

#include <array>
#include <cstdio>
#include <random>

#include "base/text.h"

namespace larder::proxy {
namespace {

constexpr std::string_view kName = "larder";

const std::string& own_comment() {
  static const std::string comment = [] {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "(%08x)", std::random_device{}());
    return std::string(text.data());
  }();
  return comment;
}

// The first entry of a list, up to its comma; those in comments do not count.
std::string_view first_entry(std::string_view list) {
  int depth = 0;
  for (std::size_t at = 0; at < list.size(); ++at) {
    if (list[at] == '\\') {
      ++at;
    } else if (list[at] == '(') {
      ++depth;
    } else if (list[at] == ')' && depth > 0) {
      --depth;
    } else if (list[at] == ',' && depth == 0) {
      return list.substr(0, at);
    }
  }
  return list;
}

bool is_own(std::string_view entry) {
  entry = trim(entry);
  const auto space = entry.find(' ');
  if (space == std::string_view::npos) return false;
  const auto by = trim(entry.substr(space));
  if (!equals_ignoring_case(by.substr(0, by.find_first_of(" \t(")), kName)) return false;
  const auto comment = trim(by.substr(kName.size()));
  return comment.empty() || comment == own_comment();
}

}  // namespace

std::string via_entry(std::string_view protocol) {
  return std::string(protocol) + ' ' + std::string(kName) + ' ' + own_comment();
}

bool has_passed_here(std::string_view via) {
  while (!via.empty()) {
    const auto entry = first_entry(via);
    if (is_own(entry)) return true;
    via.remove_prefix(std::min(entry.size() + 1, via.size()));
  }
  return false;
}

}  // namespace larder::proxy
