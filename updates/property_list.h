// SPDX-License-Identifier: MIT
// XML property lists, read with libplist. A node is a view and lives as long as its PropertyList; a missing or wrongly
// typed node is "nothing", and everything asked of nothing is nothing, so that callers need not check each step.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace larder::updates {

class PlistNode {
 public:
  PlistNode() = default;
  explicit PlistNode(void* node) : node_(node) {}

  bool is_dictionary() const;
  bool is_array() const;
  explicit operator bool() const { return node_ != nullptr; }

  PlistNode operator[](const char* key) const;  // a dictionary's member
  std::string_view text() const;                // a string, trimmed; "" for anything else
  std::string_view data() const;                // binary data; "" for anything else
  std::optional<std::uint64_t> number() const;  // an unsigned integer
  std::string date() const;  // a date, or a string in place of one, as RFC 3339; "" for anything else
  void each_item(const std::function<void(PlistNode)>& visit) const;                      // an array's items
  void each_member(const std::function<void(std::string_view, PlistNode)>& visit) const;  // a dictionary's members

 private:
  void* node_ = nullptr;
};

class PropertyList {
 public:
  // Bounds: document_shape.h. Binary property lists are refused; no catalogue is one.
  static Result<PropertyList> parse(std::string_view document);

  PlistNode root() const { return PlistNode(tree_.get()); }

 private:
  struct Free {
    void operator()(void* tree) const;
  };
  std::unique_ptr<void, Free> tree_;
};

}  // namespace larder::updates
