// SPDX-License-Identifier: MIT
#include "updates/apple_files.h"

#include <algorithm>

#include "updates/apple_path.h"
#include "updates/canonical.h"
#include "updates/hosts.h"

namespace larder::updates {
namespace {

void add_missing(std::vector<std::string>& texts, const std::vector<std::string>& more) {
  for (const std::string& text : more) {
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  }
}

}  // namespace

std::optional<std::string> apple_key(std::string_view address) {
  const auto url = Url::parse(address);
  if (!url) return std::nullopt;
  std::string key = canonical(*url).key;
  const auto named = Url::parse(key);
  const Host* host = named ? find_host(named->host) : nullptr;
  if (host == nullptr || host->vendor != Vendor::apple) return std::nullopt;
  return key;
}

std::string product_key_in(std::string_view key) {
  const auto url = Url::parse(key);
  return url ? std::string(product_key_of(url->path)) : std::string{};
}

AudiencePtr together(const AudiencePtr& a, const AudiencePtr& b) {
  if (!a || !b || *a == *b) return a ? a : b;
  auto both = std::make_shared<Audience>(*a);
  add_missing(both->models, b->models);
  if (a->from_builds.empty() || b->from_builds.empty()) {
    both->from_builds.clear();
  } else {
    add_missing(both->from_builds, b->from_builds);
  }
  return both;
}

}  // namespace larder::updates
