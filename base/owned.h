// SPDX-License-Identifier: MIT
// Owned<T, free_function>: a C handle that frees itself. The function is part of the type, so the pointer costs nothing
// extra.
#pragma once

#include <memory>

namespace larder {

template <auto Free>
struct Frees {
  template <class T>
  void operator()(T* handle) const noexcept {
    Free(handle);
  }
};

template <class T, auto Free>
using Owned = std::unique_ptr<T, Frees<Free>>;

}  // namespace larder
