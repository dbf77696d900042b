// SPDX-License-Identifier: MIT
// Any bytes as one of Apple's three kinds of document; the first byte chooses which.
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

const std::string kFolder = "/content/downloads/26/09/042-58988/abcdefghijklmnopqrstuvwxyz01234567/";
const std::array<std::string, 3> kDocuments{"https://swscan.apple.com/content/catalogs/others/index.sucatalog.gz",
                                            "https://swdist.apple.com" + kFolder + "042-58988.English.dist",
                                            "https://swcdn.apple.com" + kFolder + "x.smd"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto url = Url::parse(kDocuments[data[0] % kDocuments.size()]);
  const auto after = learn(Knowledge::empty(), *url, std::as_bytes(std::span(data, size).subspan(1)));
  if (!after) return 0;
  const auto installer = Url::parse("https://swcdn.apple.com" + kFolder + "InstallAssistant.pkg");
  // A catalogue may list the file under another product's key, but never under none.
  if (recognise(*installer, **after).product_key.empty()) std::abort();
  return 0;
}
