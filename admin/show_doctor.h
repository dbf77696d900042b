// SPDX-License-Identifier: MIT
// The doctor's findings for people. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace larder::admin {

enum class Colours { none, terminal };

struct ShownFindings {
  std::string text;
  bool bad = false;  // something is
};

// One line a finding, its remedy below it. `width`: of the terminal; 0: lines are as long as they are. Fails when the
// answer is not what larderd says.
Result<ShownFindings> show_findings(const std::string& json, std::size_t width, Colours colours);
// The same of one device, behind what is known of it and a table of the entrances.
Result<ShownFindings> show_client(const std::string& json, std::size_t width, Colours colours);

}  // namespace larder::admin
