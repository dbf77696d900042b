// SPDX-License-Identifier: MIT
// A property list being made, by libplist: what is put in comes out as valid XML, whatever characters it holds. Texts
// must be UTF-8 without control characters (XML 1.0 has no way to write those). One thread.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace larder::admin {

class PlistTree {
 public:
  static PlistTree dictionary();
  static PlistTree array();
  explicit PlistTree(std::string_view text);
  explicit PlistTree(std::span<const std::byte> data);
  explicit PlistTree(WallTime time);
  template <std::same_as<bool> Bool>
  explicit PlistTree(Bool truth) : PlistTree(of_truth(truth)) {}
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) explicit PlistTree(Number number)
      : PlistTree(of_number(static_cast<std::int64_t>(number))) {}

  PlistTree& set(std::string_view key, PlistTree value);  // of a dictionary
  template <class Value>
  PlistTree& set(std::string_view key, Value value) {
    return set(key, PlistTree(value));
  }
  PlistTree& append(PlistTree value);  // to an array

  std::string xml() const;

 private:
  struct Free {
    void operator()(void* node) const;
  };
  explicit PlistTree(std::unique_ptr<void, Free> node) : node_(std::move(node)) {}
  static PlistTree of_truth(bool truth);
  static PlistTree of_number(std::int64_t number);

  std::unique_ptr<void, Free> node_;
};

}  // namespace larder::admin
