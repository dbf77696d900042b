// SPDX-License-Identifier: MIT
// Problems: where the reading of a configuration file leaves what it finds wrong, to go on and find the rest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace larder::config {

class Problems {
 public:
  explicit Problems(std::string file) : file_(std::move(file)) {}

  // `line` from 1; 0 for the file as a whole.
  void add(std::uint32_t line, std::string message);

  std::size_t count() const { return found_.size(); }
  std::vector<Problem> take() &&;  // in order of lines

 private:
  std::string file_;
  std::vector<Problem> found_;
};

// Text as it may be shown in a message: in quotes, without control characters, cut when long.
std::string in_quotes(std::string_view text);

// The candidate that `text` was most probably meant to be; "" when none is near.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& candidates);

}  // namespace larder::config
