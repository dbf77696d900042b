// SPDX-License-Identifier: MIT
// Answers of one URL that differ with fields of the request (Vary, RFC 9111 4.1), kept side by side: each is an object
// of its own whose key is the URL's with what the nominated fields said. Which fields those are is remembered here, in
// memory; after a restart the stored variants themselves tell it, by their keys and their Vary.
// Threads: the table may be asked and told by any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "cache/cache_control.h"
#include "cache/object.h"

namespace larder::cache {

// The fields a response's Vary names: lower case, sorted, each once. Empty when it varies by none. Not for Vary: *,
// which is never stored.
std::vector<std::string> nominated_fields(const Fields& response);

// What a request says of a field: all its values as one list, nothing when it has no such field.
using SaysOfField = std::function<std::optional<std::string>(std::string_view name)>;

// A field's value as it selects: items of its list trimmed; Accept-Encoding and Accept-Language also in lower case and
// sorted, since their order means nothing beside their weights.
std::string normalised(std::string_view name, std::string_view value);

// Whether a key of the store is that of a variant: the URL, the generation and a digest.
bool is_variant_key(std::string_view key);

class VariantTable {
 public:
  // The key of the variant a request selects; nothing when the URL has no variants.
  std::optional<std::string> key_for(std::string_view url, const SaysOfField& request) const;

  struct Noted {
    std::string key;      // under which the answer is to be stored
    std::string dropped;  // the key of a variant that is one too many and is to be removed; "" none
  };
  // An answer that varies by `fields` has come for this request. When it varies by others than the URL's variants so
  // far, those are forgotten. `generation` is a number never given before.
  Noted note(const std::string& url, const std::vector<std::string>& fields, const SaysOfField& request,
             std::uint64_t generation);

  // The variants that a store holds from before a restart; for a table that knows none yet. The keys that nothing will
  // ask for, to be removed: of answers that varied by other fields before, without Vary, or too many.
  std::vector<std::string> learn(std::span<const ObjectPtr> stored);

  // The URL's variants are no longer to be found: their keys, to be removed.
  std::vector<std::string> forget(std::string_view url);

  // The key that selects among the same variants as `key` (of note() or key_for()) for another request, by the fields
  // of the answer stored there.
  static std::string sibling(std::string_view key, const Fields& response, const SaysOfField& request);

 private:
  struct Variants {
    std::vector<std::string> fields;
    std::uint64_t generation = 0;
    std::vector<std::string> keys;  // oldest first
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Variants, Hash, std::equal_to<>> urls_;
};

}  // namespace larder::cache
