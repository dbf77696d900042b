// SPDX-License-Identifier: MIT
// What a vendor, or a list of its releases, says of one file's bytes, and whom the file is for. Pure values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"

namespace larder::updates {

// Only to compare with what a catalogue publishes; no name is ever made of it.
struct Sha1Digest {
  static constexpr std::size_t kSize = 20;
  std::array<std::byte, kSize> bytes{};

  auto operator<=>(const Sha1Digest&) const = default;
  std::string hex() const;                                            // 40 lower-case digits
  static std::optional<Sha1Digest> from_hex(std::string_view hex);    // 40 digits of any case
  static std::optional<Sha1Digest> from_bytes(std::string_view raw);  // 20 bytes
};

// What a file's bytes can be checked by.
struct Published {
  std::optional<std::uint64_t> size_bytes;
  std::optional<Digest> sha256;            // of the whole
  std::optional<Sha1Digest> sha1;          // of the whole
  std::optional<Sha1Digest> archive_head;  // SHA-1 of a XAR archive's table of contents, as stored (sucatalog `Digest`)
  std::string chunk_list;                  // canonical key of its list of chunks (chunk_list.h); "" none

  bool operator==(const Published&) const = default;
  bool empty() const { return *this == Published{}; }
};

// Whom a file is for. A full update has no builds it starts from.
struct Audience {
  std::vector<std::string> from_builds;  // of a delta: "22H713"; in the catalogue's order
  std::vector<std::string> models;       // "iPhone12,1", and board ids where the catalogue gives those ("J313AP")

  bool operator==(const Audience&) const = default;
};

using PublishedPtr = std::shared_ptr<const Published>;
using AudiencePtr = std::shared_ptr<const Audience>;

// What two catalogues publish of one file: each member from the first that has it. Null with null is null.
PublishedPtr together(const PublishedPtr& first, const PublishedPtr& second);

}  // namespace larder::updates
