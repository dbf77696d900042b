// SPDX-License-Identifier: MIT
// A download whose bytes were not what a catalogue publishes of them: what is kept of it to be shown.
#pragma once

#include <string>

#include "base/clock.h"

namespace larder::proxy {

struct Mismatch {
  WallTime time;
  std::string url;  // canonical key
  std::string product;
  std::string version;
  std::string why;  // "it has the SHA-256 ..., not ..."
};

}  // namespace larder::proxy
