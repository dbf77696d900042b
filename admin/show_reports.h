// SPDX-License-Identifier: MIT
// The reports' answers for people. For the sources that show answers only, as show_rows.h.
#pragma once

#include <cstddef>
#include <string>

#include "admin/show_answer.h"
#include "admin/show_rows.h"

namespace larder::admin {

// Of a Subject that is a report; "" of another.
std::string show_report(Subject subject, const Json& answer, std::size_t width);

}  // namespace larder::admin
