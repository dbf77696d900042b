// SPDX-License-Identifier: MIT
#include "cache/message.h"

namespace larder::cache {

void refuse(Message& message, const Error& error) {
  std::visit(
      [&error](auto& asked) {
        if constexpr (requires { asked.done; }) {
          if (asked.done) asked.done(error);
        } else if constexpr (requires { asked.progress; }) {
          if (asked.progress) asked.progress(error);
        }
      },
      message);
}

}  // namespace larder::cache
