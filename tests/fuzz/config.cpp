// SPDX-License-Identifier: MIT
// Any text as larder.toml: it loads or is refused with a reason, and what is loaded can be shown and compared.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/keys.h"
#include "config/load.h"

using namespace larder::config;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Loaded loaded = load_text(text, "fuzz.toml");
  if ((loaded.config == nullptr) == loaded.problems.empty()) std::abort();
  if (loaded.config != nullptr) {
    for (const Key& key : keys()) (void)key.show(*loaded.config);
    if (!compare(*loaded.config, *loaded.config).applied.empty()) std::abort();
  }
  return 0;
}
