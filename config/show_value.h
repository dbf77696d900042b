// SPDX-License-Identifier: MIT
// Values as larder.toml would write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace larder::config {

std::string show_text(std::string_view text);
std::string show_path(const std::filesystem::path& path);
std::string show_size(std::uint64_t bytes);  // exact: the largest unit that divides it
std::string show_duration(std::chrono::seconds span);
std::string show_list(const std::vector<std::string>& texts);
std::string show_list(const std::vector<Endpoint>& endpoints);
std::string show_list(const std::vector<Network>& networks);  // the private networks folded into "private"

}  // namespace larder::config
