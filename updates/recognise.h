// SPDX-License-Identifier: MIT
// What a URL is an update of: product, version, build, kind. Pure: names and what catalogues have taught, no network.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "updates/canonical.h"
#include "updates/knowledge.h"

namespace larder::updates {

enum class Kind { full, delta, catalogue, other };

// Whether a name's bytes can change: facts/mau.md 4.4 and hashed or versioned Apple paths.
enum class NameStability { immutable, mutable_name, ordinary };

struct Recognition {
  std::string product;       // "Microsoft Outlook", "macOS", "iOS", "MobileAsset MacSoftwareUpdate"; "" unknown
  std::string version;       // "16.109.26053122", "26.6.2"; "" unknown
  std::string build;         // "23G90"; "" unknown
  std::string from_version;  // of a delta: what it makes newer; the lowest where it fits several
  std::string channel;       // "Current"; "" none
  std::string
      asset_type;  // for what has no product: "iOS Software", "Mac Software", "SoftwareUpdate" with its train, ...
  std::string
      product_key;  // sucatalog product ("042-58988"); Delivery Optimization's file id on Windows hosts; "" none
  Kind kind = Kind::other;
  Evidence evidence = Evidence::none;
  NameStability stability = NameStability::ordinary;
  bool listed = false;     // a known catalogue lists this URL
  PublishedPtr published;  // what its bytes can be checked by; null: nothing
  AudiencePtr audience;    // the models it is for, and a delta's builds; null: nothing is said of it
};

// `key` is a canonical URL's name. Never fails; what nothing is known of is Kind::other with its asset type.
Recognition recognise(const Url& url, const Knowledge& knowledge);

std::string_view to_string(Kind kind);
std::string_view to_string(Evidence evidence);

// Compares versions by their numeric parts, left to right; a missing part is 0; parts that are not numbers compare as
// text after numbers. What is said behind a blank decides between equal ones: betas ("26.3 beta 2"), release
// candidates ("15.7 RC"), the release, all else ("26.3.2 (a)"). "99999" is no version and below every other.
int compare_versions(std::string_view a, std::string_view b);

}  // namespace larder::updates
