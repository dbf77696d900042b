// SPDX-License-Identifier: MIT
// The one program larderd may start: itself, in its own place (base/fault_guard.h). The filter of kernel calls
// (base/kernel_calls.h) lets execve through for a path at this address alone. It is the same in every larderd, since a
// filter outlives the program that set it; there is "/proc/self/exe" in a page of its own that can only be read.
#pragma once

#include <cstdint>

namespace larder {

// Below 2 GiB, where neither a program nor a sanitizer puts anything of its own accord.
inline constexpr std::uintptr_t kOwnProgramAddress = 0x20000000;

}  // namespace larder
