// SPDX-License-Identifier: MIT
#include "base/result.h"

namespace larder {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not found";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::too_large:
      return "too large";
    case ErrorKind::busy:
      return "busy";
    case ErrorKind::timed_out:
      return "timed out";
    case ErrorKind::storage_full:
      return "storage full";
    case ErrorKind::storage_broken:
      return "storage broken";
    case ErrorKind::storage_damaged:
      return "storage damaged";
    case ErrorKind::corrupt:
      return "corrupt";
    case ErrorKind::origin_failed:
      return "origin failed";
    case ErrorKind::stopped:
      return "stopped";
    case ErrorKind::internal:
      return "internal";
  }
  return "unknown";
}

Error Error::with_context(std::string_view context) && {
  return Error{kind, std::string(context) + ": " + std::move(message)};
}

}  // namespace larder
