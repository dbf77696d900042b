// SPDX-License-Identifier: MIT
// Reading larder.toml. Every problem is found in one go, each with its place and its remedy.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace larder::config {

struct Problem {
  std::string file;
  std::uint32_t line = 0;    // from 1; 0: the file as a whole
  std::string message;       // what is wrong and what to do
  std::string text() const;  // "larder.toml:12: ..."
};

struct Loaded {
  std::shared_ptr<const Config> config;  // null when there are problems
  std::vector<Problem> problems;
};

Loaded load_file(const std::filesystem::path& file);
Loaded load_text(std::string_view toml, const std::string& file_name);

// What differs between two configurations: keys a reload applies, and keys that need a restart.
struct Changes {
  std::vector<std::string> applied;
  std::vector<std::string> need_restart;
};
Changes compare(const Config& before, const Config& after);

}  // namespace larder::config
