// SPDX-License-Identifier: MIT
// The stored forms of what the writer adds up. Keys are big-endian u32 numbers in the order named, then for tallies the
// entrance as u8; an hour is microseconds since 1970 / 3.6e9, a day is an hour / 24.
//   totals         release, entrance                 tally, base 0
//   days           day, release, entrance            tally, base the day's first microsecond
//   hours          hour, release, entrance           tally, base the hour's first microsecond
//   device_totals  device, release, entrance         tally, base 0
//   device_hours   device, hour, release, entrance   tally, base the hour's first microsecond
//   holdings       release, device                   holding
//   coverage       device, release, url              coverage; gone once the device has fetched the release
//   versions       release                           version counts
//   devices        device                            device state
//   newest         device                            newest releases
// Values, all varints unless said otherwise:
//   tally     requests, hits, misses, bytes_sent, bytes_from_origin, first - base, last - first (microseconds), and
//             bytes_beside unless that is 0
//   holding   seen first, seen last - seen first, u8 1 when bytes were sent, then with 1: fetched first - seen first,
//             fetched last - fetched first, 0 or completed - seen first + 1, bytes held, object's bytes
//   coverage  object's bytes, number of intervals, for each the gap from the one before and the length
//   version   devices complete, devices partly
//   newest    release ids ascending: the first, then the gaps to the ones before
//   device    text id, u8 evidence, 16 bytes address, u8 1 and 6 bytes MAC or u8 0, text id of its host name,
//             system said exactly, system at least, first seen, last seen - first seen, requests, bytes_sent, u8 1 and
//             u64 time and u32 sequence of its fetch recorded last, or u8 0
//   system    text id of the operating system; unless that is 0: text ids of its version and build, u8 evidence, time
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/environment.h"
#include "reports/fetch_format.h"
#include "reports/fetch_record.h"
#include "reports/intervals.h"
#include "reports/stored_bytes.h"

namespace larder::reports {

inline constexpr std::uint64_t kHourUs = 3'600'000'000;
inline constexpr std::uint64_t kDayUs = 24 * kHourUs;
inline constexpr std::uint32_t kDayHours = 24;

// A key of one of the tables above, or of places.h: at most 18 bytes, compared as LMDB compares.
class RowKey {
 public:
  RowKey() = default;
  explicit RowKey(std::initializer_list<std::uint32_t> words) {
    for (const std::uint32_t word : words) add(word);
  }
  RowKey(std::initializer_list<std::uint32_t> words, Entrance entrance) : RowKey(words) {
    add(static_cast<std::uint8_t>(entrance));
  }

  void add(std::uint8_t byte) { bytes_.at(size_++) = byte; }

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }
  bool operator==(const RowKey&) const = default;
  bool operator<(const RowKey& other) const { return view() < other.view(); }
  std::size_t hash() const;

 private:
  void add(std::uint32_t word) {
    for (unsigned shift = 32; shift > 0; shift -= 8) {
      bytes_.at(size_++) = static_cast<std::uint8_t>(word >> (shift - 8));
    }
  }

  std::array<std::uint8_t, 24> bytes_{};  // those beyond size_ are 0
  std::uint8_t size_ = 0;
};

// The number at a place of a key, counted in u32s. 0 when the key is too short.
std::uint32_t word_at(std::string_view key, std::size_t place);
// The last byte of a tally's key. Unknown ones read as Entrance::own.
Entrance entrance_of(std::string_view key);

// What a tally's times count from: the first microsecond of the hour or day its key names, else 0.
std::uint64_t base_of(Table table, std::string_view key);

struct Tally {
  std::uint64_t requests = 0;          // of clients; fetches of Larder's own accord count only origin bytes
  std::uint64_t hits = 0, misses = 0;  // what the request hit ratio is made of
  std::uint64_t bytes_sent = 0, bytes_from_origin = 0;
  // Of bytes_sent, what did not come over the line and would not have: errors, and what Larder says itself.
  std::uint64_t bytes_beside = 0;
  std::uint64_t first_us = UINT64_MAX, last_us = 0;  // of the requests; first > last: none
  bool operator==(const Tally&) const = default;

  std::int64_t bytes_saved() const;
  void add(const Tally& other);
  static Tally of(const FetchKey& key, const StoredFetch& fetch);
};

// What one device has of one release.
struct Holding {
  std::uint64_t seen_first_us = UINT64_MAX, seen_last_us = 0;        // any request
  std::uint64_t fetched_first_us = UINT64_MAX, fetched_last_us = 0;  // requests that sent bytes
  std::optional<std::uint64_t> completed_us;                         // time of the fetch that completed it
  std::uint64_t held_bytes = 0, object_bytes = 0;                    // of the object held best
  bool operator==(const Holding&) const = default;

  bool fetched() const { return fetched_first_us <= fetched_last_us; }
  double fraction() const;
};

struct Coverage {
  std::uint64_t object_bytes = 0;
  Intervals intervals;
  bool operator==(const Coverage&) const = default;
};

struct VersionCounts {
  std::uint64_t complete = 0, partly = 0;
  bool operator==(const VersionCounts&) const = default;
};

// The newest release a device has whole, of each product (newest.h).
struct NewestReleases {
  std::vector<std::uint32_t> ids;  // ascending
  bool operator==(const NewestReleases&) const = default;
};

struct DeviceState {
  std::string id;
  DeviceEvidence evidence = DeviceEvidence::address;
  config::Address address;
  std::optional<std::array<std::uint8_t, 6>> mac;
  std::uint32_t host = 0;  // what it is called by DHCP, else by a nameserver
  DeviceSystem system;
  std::uint64_t first_us = UINT64_MAX, last_us = 0;
  std::uint64_t requests = 0, bytes_sent = 0;
  std::optional<FetchKey> last_fetch;
  bool operator==(const DeviceState&) const = default;
};

void encode_row(const Tally& tally, std::uint64_t base_us, StoredWriter& out);
void encode_row(const Holding& holding, std::uint64_t base_us, StoredWriter& out);
void encode_row(const Coverage& coverage, std::uint64_t base_us, StoredWriter& out);
void encode_row(const VersionCounts& counts, std::uint64_t base_us, StoredWriter& out);
void encode_row(const DeviceState& device, std::uint64_t base_us, StoredWriter& out);
void encode_row(const NewestReleases& newest, std::uint64_t base_us, StoredWriter& out);

// False, and an empty row, when the bytes are not what encode_row writes. Only tallies have a base; others ignore it.
bool decode_row(std::string_view bytes, std::uint64_t base_us, Tally& tally);
bool decode_row(std::string_view bytes, std::uint64_t base_us, Holding& holding);
bool decode_row(std::string_view bytes, std::uint64_t base_us, Coverage& coverage);
bool decode_row(std::string_view bytes, std::uint64_t base_us, VersionCounts& counts);
bool decode_row(std::string_view bytes, std::uint64_t base_us, DeviceState& device);
bool decode_row(std::string_view bytes, std::uint64_t base_us, NewestReleases& newest);

}  // namespace larder::reports
