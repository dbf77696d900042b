// SPDX-License-Identifier: MIT
// Any bytes as a catalogue of Apple's mobile assets.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "updates/knowledge.h"
#include "updates/recognise.h"

using namespace larder::updates;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto url = Url::parse(
      "https://mesu.apple.com/assets/com_apple_MobileAsset_SoftwareUpdate/com_apple_MobileAsset_SoftwareUpdate.xml");
  const auto after = learn(Knowledge::empty(), *url, std::as_bytes(std::span(data, size)));
  if (!after) return 0;
  (*after)->each_file([&](const ListedFile& file) {
    const auto name = Url::parse(file.url);
    if (!name || !recognise(*name, **after).listed || file.product.empty()) std::abort();
  });
  return 0;
}
