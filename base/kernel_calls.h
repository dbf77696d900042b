// SPDX-License-Identifier: MIT
// Which calls of the kernel this process makes; all others are refused by a seccomp filter (seccomp(2)). A foothold in
// larderd can then start no program but larderd in its own place (own_program.h), nor fork, trace, load, mount or map
// code that it has written.
//
// A refused call fails with ENOSYS, as on a kernel that lacks it, which libraries know to do without, and is said on
// standard error once for each call: "larderd: refused the kernel call ...". So a library that has come to need another
// call is a line in the log and a failing test, not a mystery.
#pragma once

#include "base/result.h"

namespace larder {

// For every thread of the process, now and from now on; nothing takes it back. Called once, before anything foreign is
// read. Fails on a kernel without seccomp, where everything stays allowed.
Status confine_kernel_calls();

}  // namespace larder
