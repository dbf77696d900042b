// SPDX-License-Identifier: MIT
// The stored form of one fetch: the table `fetches`.
//   key    u64 time in microseconds since 1970, u32 sequence. 12 bytes, sorted by time.
//   value  u8      format, 3 (bits 0-3; 2, with no bit more, has all that follows); left out are, with bit 4: asked -
//          sent, which is 0, and of the ranges, which are one of that length, all but its begin; 5: the status, 206
//          with bit 4, else 200; 6: the from-version, 0; 7: the bytes from the origin, 0
//          u8      entrance (bits 0-3), answered (4-6), complete (7)
//          u8      kind (bits 0-1), evidence (2-3 and, as its highest bit, 7), IPv6 address (4), ranges are exactly [0,
//          object_bytes) (5), a fetch
//                  of the same device came before (6)
//          4 or 16 bytes: client address
//          varint  duration in microseconds; device number (0: Larder itself)
//          system  what the request said of the device's (device_system.h)
//          varint  the delta's from-version (text id, 0: ""); url id; release id; status; object_bytes
//          zigzag  object_bytes - bytes_asked, bytes_asked - bytes_sent (modulo 2^64)
//          varint  bytes_from_origin
//          with bit 6: zigzag time - time of the fetch before, varint sequence - sequence of it (modulo 2^32)
//          without bit 5: varint number of ranges, for each varint gap from the end of the one before, varint length
// A typical value takes 30 to 40 bytes. Ids are those of dictionary.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "reports/intervals.h"
#include "reports/ledger.h"
#include "reports/stored_bytes.h"

namespace larder::reports {

inline constexpr std::uint32_t kFirstError = 400;  // statuses from here on: the body is none of the object

struct FetchKey {
  std::uint64_t time_us = 0;
  std::uint32_t sequence = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 sees a 0 in what the compiler writes
  auto operator<=>(const FetchKey&) const = default;

  std::string bytes() const;
  static std::optional<FetchKey> from(std::string_view bytes);
};

struct StoredFetch {
  Entrance entrance = Entrance::proxy;
  Answered answered = Answered::miss;
  FileKind kind = FileKind::other;
  DeviceEvidence evidence = DeviceEvidence::address;
  bool complete = false;
  config::Address client;
  std::uint64_t duration_us = 0;
  SystemIds system;
  std::uint32_t device = 0, from_version = 0, url = 0, release = 0;
  std::uint32_t status = 0;
  std::uint64_t object_bytes = 0, bytes_asked = 0, bytes_sent = 0, bytes_from_origin = 0;
  std::optional<FetchKey> before;  // of the same device, in the order of recording
  Intervals ranges;
  bool operator==(const StoredFetch&) const = default;
};

void encode_fetch(const FetchKey& key, const StoredFetch& fetch, StoredWriter& out);
// Nothing when the bytes are not what encode_fetch writes.
std::optional<StoredFetch> decode_fetch(const FetchKey& key, std::string_view bytes);

}  // namespace larder::reports
