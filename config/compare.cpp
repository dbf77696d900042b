// SPDX-License-Identifier: MIT
#include <algorithm>

#include "config/keys.h"
#include "config/load.h"

namespace larder::config {
namespace {

bool same(const Key& key, const Config& before, const Config& after) {
  // What is shown of the proxy hides its password.
  if (key.name == "origins.proxy") return before.origins.proxy == after.origins.proxy;
  // Of a hook's URL only the host is shown.
  if (key.name == "webhooks.hook.url") {
    return std::equal(before.webhooks.hooks.begin(), before.webhooks.hooks.end(), after.webhooks.hooks.begin(),
                      after.webhooks.hooks.end(), [](const Webhook& a, const Webhook& b) { return a.url == b.url; });
  }
  return key.show(before) == key.show(after);
}

}  // namespace

Changes compare(const Config& before, const Config& after) {
  Changes changes;
  for (const Key& key : keys()) {
    if (same(key, before, after)) continue;
    // Hosts and windows have no names of their own: a changed one counts once, whatever changed in it.
    const auto name = key.of_many() ? key.name.substr(0, key.name.rfind('.')) : key.name;
    auto& list = key.reload == Reload::live ? changes.applied : changes.need_restart;
    if (list.empty() || list.back() != name) list.emplace_back(name);
  }
  return changes;
}

}  // namespace larder::config
