// SPDX-License-Identifier: MIT
// Any text as a User-Agent, and its halves as two versions: comparing them must not depend on the order.
#include "updates/user_agent.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "updates/recognise.h"

using namespace larder::updates;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto facts = read_user_agent(text);
  if (facts.exact && facts.os_version.empty()) std::abort();
  const auto half = text.substr(0, size / 2);
  const auto rest = text.substr(size / 2);
  if (compare_versions(half, rest) != -compare_versions(rest, half)) std::abort();
  if (compare_versions(text, text) != 0) std::abort();
  return 0;
}
