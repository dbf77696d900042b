// SPDX-License-Identifier: MIT
#include "cache/variants.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"

namespace larder::cache {
namespace {

// A key is the URL, a space, the generation, a space, and the digest in hexadecimal.
constexpr std::size_t kDigestDigits = 2 * Digest::kSize;

std::string selection(const std::vector<std::string>& fields, const SaysOfField& request) {
  std::string text;
  for (const std::string& name : fields) {
    // Absent and empty are not the same (RFC 9111 4.1).
    const auto value = request(name);
    text += value ? name + ":" + normalised(name, *value) + "\n" : name + "\n";
  }
  return Sha256::of(std::as_bytes(std::span(text))).hex();
}

struct VariantKey {
  std::string_view url;
  std::uint64_t generation = 0;
};

std::optional<VariantKey> parse_key(std::string_view key) {
  const auto digest = key.rfind(' ');
  if (digest == std::string_view::npos || digest == 0 || key.size() - digest - 1 != kDigestDigits) return std::nullopt;
  const auto generation = key.rfind(' ', digest - 1);
  if (generation == std::string_view::npos || generation == 0) return std::nullopt;
  const auto number = parse_decimal(key.substr(generation + 1, digest - generation - 1));
  if (!number) return std::nullopt;
  return VariantKey{key.substr(0, generation), *number};
}

}  // namespace

bool is_variant_key(std::string_view key) {
  return parse_key(key).has_value();
}

std::vector<std::string> nominated_fields(const Fields& response) {
  std::vector<std::string> names;
  const std::string list = joined(response, "Vary");
  for (std::string_view left = list; !left.empty();) {
    if (const auto item = take_item(left); !item.empty()) names.push_back(to_lower(item));
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string normalised(std::string_view name, std::string_view value) {
  std::vector<std::string> items;
  while (!value.empty()) {
    if (const auto item = take_item(value); !item.empty()) items.emplace_back(item);
  }
  if (name == "accept-encoding" || name == "accept-language") {
    for (std::string& item : items) item = to_lower(item);
    std::sort(items.begin(), items.end());
  }
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ",") + item;
  return text;
}

std::optional<std::string> VariantTable::key_for(std::string_view url, const SaysOfField& request) const {
  std::vector<std::string> fields;
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = urls_.find(url);
    if (found == urls_.end()) return std::nullopt;
    fields = found->second.fields;
    generation = found->second.generation;
  }
  return std::string(url) + " " + std::to_string(generation) + " " + selection(fields, request);
}

VariantTable::Noted VariantTable::note(const std::string& url, const std::vector<std::string>& fields,
                                       const SaysOfField& request, std::uint64_t generation) {
  const std::string selected = selection(fields, request);
  const std::lock_guard lock(mutex_);
  if (urls_.size() >= limits::kVaryingUrls && !urls_.contains(url)) urls_.clear();
  Variants& variants = urls_[url];
  if (variants.fields != fields) variants = {fields, generation, {}};
  Noted noted;
  noted.key = url + " " + std::to_string(variants.generation) + " " + selected;
  std::erase(variants.keys, noted.key);
  variants.keys.push_back(noted.key);
  if (variants.keys.size() > limits::kVariants) {
    noted.dropped = std::move(variants.keys.front());
    variants.keys.erase(variants.keys.begin());
  }
  return noted;
}

std::vector<std::string> VariantTable::learn(std::span<const ObjectPtr> stored) {
  // By URL, each one's variants from the newest to the oldest; a later generation is newer whatever the clock said.
  struct Held {
    std::uint64_t generation;
    WallTime since;
    const Object* object;
  };
  std::map<std::string_view, std::vector<Held>> by_url;
  for (const ObjectPtr& object : stored) {
    if (const auto key = parse_key(object->url)) {
      by_url[key->url].push_back({key->generation, object->freshness.response_time, object.get()});
    }
  }
  std::vector<std::string> unused;
  const std::lock_guard lock(mutex_);
  for (auto& [url, held] : by_url) {
    std::sort(held.begin(), held.end(), [](const Held& a, const Held& b) {
      return std::pair(a.generation, a.since) > std::pair(b.generation, b.since);
    });
    Variants variants;
    variants.generation = held.front().generation;
    variants.fields = nominated_fields(held.front().object->fields);
    const bool known = !variants.fields.empty() && urls_.size() < limits::kVaryingUrls;
    for (const Held& variant : held) {
      if (known && variant.generation == variants.generation && variants.keys.size() < limits::kVariants &&
          nominated_fields(variant.object->fields) == variants.fields) {
        variants.keys.push_back(variant.object->url);
      } else {
        unused.push_back(variant.object->url);
      }
    }
    std::reverse(variants.keys.begin(), variants.keys.end());
    if (known) urls_.emplace(url, std::move(variants));
  }
  return unused;
}

std::vector<std::string> VariantTable::forget(std::string_view url) {
  const std::lock_guard lock(mutex_);
  const auto found = urls_.find(url);
  if (found == urls_.end()) return {};
  std::vector<std::string> keys = std::move(found->second.keys);
  urls_.erase(found);
  return keys;
}

std::string VariantTable::sibling(std::string_view key, const Fields& response, const SaysOfField& request) {
  return std::string(key.substr(0, key.size() - kDigestDigits)) + selection(nominated_fields(response), request);
}

}  // namespace larder::cache
