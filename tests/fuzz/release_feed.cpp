// SPDX-License-Identifier: MIT
// Any bytes as Apple's list of releases, a SOFA feed, AppleDB's files, or a file of any looks; the first byte chooses.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "updates/knowledge.h"
#include "updates/recognise.h"

using namespace larder::updates;

namespace {

const std::array<std::string, 4> kPlaces{"gdmf.apple.com/v2/pmv", "sofafeed.macadmins.io/v2/macos_data_feed.json",
                                         "api.appledb.dev/ios/macOS;24G222.json", "any.json"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto document = std::as_bytes(std::span(data, size).subspan(1));
  const auto after = learn_file(Knowledge::empty(), kPlaces[data[0] % kPlaces.size()], document);
  if (!after) return 0;
  (*after)->each_file([&](const ListedFile& file) {
    const auto url = Url::parse(file.url);
    // What is listed is found again under its own name, on a host of Apple's.
    if (!url || recognise(*url, **after).listed == file.superseded) std::abort();
    if (file.evidence != Evidence::feed && file.evidence != Evidence::catalogue) std::abort();
  });
  return 0;
}
