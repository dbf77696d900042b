// SPDX-License-Identifier: MIT
// Any bytes as an AutoUpdate manifest, and each URL they taught asked for afterwards.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "updates/knowledge.h"
#include "updates/mau.h"
#include "updates/recognise.h"

using namespace larder::updates;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Url manifest = mau_manifest_url(*find_mau_channel("Current"), "OPIM2019");
  const auto after = learn(Knowledge::empty(), manifest, std::as_bytes(std::span(data, size)));
  if (!after) return 0;
  if ((*after)->catalogues() != 1) std::abort();
  const ListedFile* listed = (*after)->find_package("Current", "", "Microsoft_Outlook_1.1.2_Updater.pkg");
  if (listed == nullptr) return 0;
  const auto url = Url::parse(listed->url);
  if (!url || !recognise(*url, **after).listed) std::abort();
  return 0;
}
