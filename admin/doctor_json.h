// SPDX-License-Identifier: MIT
// Findings as the API answers them. For sources only, as json.h.
#pragma once

#include "admin/doctor.h"
#include "admin/json.h"

namespace larder::admin {

// `answer`, and when it was found out, the verdict and the checks.
Response with_findings(const Desk& desk, Json answer, const Findings& findings);

}  // namespace larder::admin
