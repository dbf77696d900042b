// SPDX-License-Identifier: MIT
// What is wrong with the house at this moment and what to do about it, in sentences. Threads: a worker.
#pragma once

#include <string>
#include <vector>

#include "admin/live.h"
#include "admin/routes.h"

namespace larder::admin {

struct Problem {
  std::string what;
  std::string remedy;
};

// Empty when all is well. Origins that are left alone for now, and releases that are held back, are not among them:
// they stand in the status by themselves.
std::vector<Problem> standing_problems(const Desk& desk, const LiveStatus& live);

}  // namespace larder::admin
