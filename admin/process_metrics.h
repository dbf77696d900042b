// SPDX-License-Identifier: MIT
// What Prometheus' own libraries say of every process, under their names: dashboards and alerts of others ask for it.
#pragma once

#include "admin/metric_families.h"
#include "base/clock.h"

namespace larder::admin {

// Leaves out what the kernel does not tell.
void add_process(Families& out, WallTime started);

}  // namespace larder::admin
