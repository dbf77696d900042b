// SPDX-License-Identifier: MIT
// Any order of a profile: what is made of it is a property list that reads back, or it is refused in words.
#include <plist/plist.h>

#include <cstdint>
#include <cstdlib>

#include "admin/profile.h"
#include "base/owned.h"

using namespace larder;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const config::Config config = [] {
    config::Config made;
    made.listen.http = {{"0.0.0.0", 8080}};
    made.listen.tls = {{"0.0.0.0", 8443}};
    made.listen.name = "larder.example.org";
    return made;
  }();
  const admin::ProfileSite site{"larder.example.org", {}, {"swcdn.apple.com", ".itunes.apple.com"}};
  const auto order = admin::read_profile_order({reinterpret_cast<const char*>(data), size}, config, site);
  if (!order) {
    if (order.error().message.empty()) std::abort();
    return 0;
  }
  const auto profile = admin::make_profile(*order);
  if (!profile || !profile->file_name.ends_with(".mobileconfig")) return 0;
  void* tree = nullptr;
  plist_from_xml(profile->text.data(), static_cast<std::uint32_t>(profile->text.size()), &tree);
  const Owned<void, plist_free> owned(tree);
  if (tree == nullptr || plist_dict_get_item(tree, "PayloadContent") == nullptr) std::abort();
  return 0;
}
