// SPDX-License-Identifier: MIT
// Numbers that must not be mixed up.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>

namespace larder {

template <class Tag, class Number>
struct Strong {
  Number value{};
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in what the compiler writes
  auto operator<=>(const Strong&) const = default;
};

}  // namespace larder

template <class Tag, class Number>
struct std::hash<larder::Strong<Tag, Number>> {
  std::size_t operator()(const larder::Strong<Tag, Number>& strong) const noexcept {
    return std::hash<Number>{}(strong.value);
  }
};
