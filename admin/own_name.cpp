// SPDX-License-Identifier: MIT
#include "admin/own_name.h"

#include <unistd.h>

#include <array>

#include "base/text.h"

namespace larder::admin {

std::string own_name(const config::Config& config) {
  if (!config.listen.name.empty()) return config.listen.name;
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return to_lower(std::string_view(name.data()));
}

}  // namespace larder::admin
