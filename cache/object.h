// SPDX-License-Identifier: MIT
// What the cache keeps about an object besides its bytes. An object is what one canonical URL names.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "base/strong.h"

namespace larder::cache {

// Names the bytes of one version of one object while and after it fills. Never reused, over restarts too, so a stale id
// can only find nothing, never other bytes. 0 is no extent.
using ExtentId = Strong<struct ExtentTag, std::uint64_t>;
// Position of a chunk in its extent, from 0.
using ChunkIndex = Strong<struct ChunkTag, std::uint32_t>;

// Bytes of every chunk but an extent's last. The unit of storage, checking and sending.
inline constexpr std::uint64_t kChunkBytes = 1024 * 1024;

constexpr std::uint32_t chunk_count(std::uint64_t size_bytes) {
  return static_cast<std::uint32_t>((size_bytes + kChunkBytes - 1) / kChunkBytes);
}
constexpr ChunkIndex chunk_of(std::uint64_t offset) {
  return {static_cast<std::uint32_t>(offset / kChunkBytes)};
}
constexpr std::uint64_t chunk_start(ChunkIndex chunk) {
  return chunk.value * kChunkBytes;
}
constexpr std::uint64_t chunk_length(ChunkIndex chunk, std::uint64_t size_bytes) {
  const std::uint64_t start = chunk_start(chunk);
  return start >= size_bytes ? 0 : (size_bytes - start < kChunkBytes ? size_bytes - start : kChunkBytes);
}

// Response fields as the origin sent them; "" where it sent none.
struct Validators {
  std::string etag;           // with quotes, W/ included
  std::string last_modified;  // verbatim

  bool strong() const { return !etag.empty() && !etag.starts_with("W/"); }
  bool empty() const { return etag.empty() && last_modified.empty(); }
  bool operator==(const Validators&) const = default;
};

// The numbers of RFC 9111 4.2 as they stood when the response was received or last validated.
struct Freshness {
  WallTime response_time;               // local clock, end of head
  std::chrono::seconds initial_age{0};  // corrected_initial_age
  std::chrono::seconds lifetime{0};     // freshness_lifetime
  bool must_revalidate = false;         // stale may not be served even when the origin fails
  bool immutable = false;               // while fresh, reloads need not ask for it (RFC 8246)
  // How long after its lifetime it may still be sent: while it is validated, and when the origin fails (RFC 5861).
  std::chrono::seconds stale_while_revalidate{0};
  std::optional<std::chrono::seconds> stale_if_error;  // nothing: the origin did not say
  bool operator==(const Freshness&) const = default;
};

struct Object {
  std::string url;  // canonical; the key
  ExtentId extent;
  std::uint64_t size_bytes = 0;
  int status = 200;                      // other answers than 200 have no ranges
  std::string etag;                      // what clients are told: stable as long as the bytes are; "" none
  Validators origin;                     // of the node the bytes came from; what If-Range is asked with
  std::vector<std::string> other_etags;  // other validators the origin has used for the same bytes, newest last
  std::vector<std::pair<std::string, std::string>> fields;  // response fields to send along (Content-Type, ...)
  Freshness freshness;
  std::optional<Digest> digest;  // once complete
  WallTime stored_at;            // when the object was first described
  // Fields for whoever's request brought this answer, and for nobody else (private="x"). Never stored.
  std::vector<std::pair<std::string, std::string>> unstored_fields;

  bool complete() const { return digest.has_value(); }
};

using ObjectPtr = std::shared_ptr<const Object>;

}  // namespace larder::cache
