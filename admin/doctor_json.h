// SPDX-License-Identifier: MIT
// Findings as the API answers them. For sources only, as json.h.
#pragma once

#include "admin/doctor.h"
#include "admin/json.h"

namespace larder::admin {

Json findings_json(const Findings& findings);

}  // namespace larder::admin
