// SPDX-License-Identifier: MIT
#include "reports/fetch_format.h"

#include <algorithm>

namespace larder::reports {
namespace {

constexpr unsigned kFormat = 3;
constexpr unsigned kFormatBefore = 2;  // all is written out
constexpr unsigned kFormatBits = 15U;
constexpr unsigned kRun = 1U << 4U;
constexpr unsigned kUsualStatus = 1U << 5U;
constexpr unsigned kNoDelta = 1U << 6U;
constexpr unsigned kFromStore = 1U << 7U;
constexpr std::uint32_t kOk = 200, kPartialContent = 206;
constexpr unsigned kIpv6 = 1U << 4U;
constexpr unsigned kWhole = 1U << 5U;
constexpr unsigned kHasBefore = 1U << 6U;
constexpr std::size_t kMappedPrefix = 12;  // of ::ffff:0:0/96
constexpr unsigned kEntrances = static_cast<unsigned>(Entrance::own) + 1;
constexpr unsigned kAnswers = static_cast<unsigned>(Answered::failed) + 1;

unsigned evidence_bits(DeviceEvidence evidence) {
  const auto number = static_cast<unsigned>(evidence);
  return (number & 3U) << 2U | (number >> 2U) << 7U;
}

bool is_whole(const StoredFetch& fetch) {
  const auto& list = fetch.ranges.list();
  return list.size() == 1 && list[0].first == 0 && list[0].second == fetch.object_bytes;
}

// One range, which is all that was asked for and sent.
bool is_run(const StoredFetch& fetch) {
  const auto& list = fetch.ranges.list();
  return list.size() == 1 && list[0].second - list[0].first == fetch.bytes_sent &&
         fetch.bytes_asked == fetch.bytes_sent;
}

// What a format byte's high bits say need not be written.
unsigned left_out(const StoredFetch& fetch) {
  const bool run = !is_whole(fetch) && is_run(fetch);
  return (run ? kRun : 0U) | (fetch.status == (run ? kPartialContent : kOk) ? kUsualStatus : 0U) |
         (fetch.from_version == 0 ? kNoDelta : 0U) | (fetch.bytes_from_origin == 0 ? kFromStore : 0U);
}

std::int64_t difference(std::uint64_t a, std::uint64_t b) {
  return static_cast<std::int64_t>(a - b);
}

void encode_ranges(const Intervals& ranges, StoredWriter& out) {
  out.varint(ranges.list().size());
  std::uint64_t at = 0;
  for (const auto& [first, end] : ranges.list()) {
    out.varint(first - at);
    out.varint(end - first);
    at = end;
  }
}

bool decode_ranges(StoredReader& in, Intervals& ranges) {
  const std::uint64_t count = in.varint();
  if (count > Intervals::kMost) return false;
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t gap = in.varint();
    const std::uint64_t length = in.varint();
    if (length == 0 || (i > 0 && gap == 0) || gap > UINT64_MAX - at || length > UINT64_MAX - at - gap) return false;
    ranges.add(at + gap, at + gap + length);
    at += gap + length;
  }
  return in.ok();
}

void decode_address(StoredReader& in, unsigned flags, config::Address& address) {
  const bool v6 = (flags & kIpv6) != 0;
  const std::string_view raw = in.raw(v6 ? 16 : 4);
  if (!v6) address.bytes[10] = address.bytes[11] = 0xFF;
  std::copy(raw.begin(), raw.end(), address.bytes.begin() + (v6 ? 0 : kMappedPrefix));
}

}  // namespace

std::string FetchKey::bytes() const {
  StoredWriter out;
  out.u64(time_us);
  out.u32(sequence);
  return out.take();
}

std::optional<FetchKey> FetchKey::from(std::string_view bytes) {
  StoredReader in(bytes);
  FetchKey key;
  key.time_us = in.u64();
  key.sequence = in.u32();
  if (!in.done()) return std::nullopt;
  return key;
}

void encode_fetch(const FetchKey& key, const StoredFetch& fetch, StoredWriter& out) {
  const bool v6 = !fetch.client.is_v4();
  const bool whole = is_whole(fetch);
  const unsigned without = left_out(fetch);
  out.u8(static_cast<std::uint8_t>(kFormat | without));
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(fetch.entrance) | static_cast<unsigned>(fetch.answered) << 4U |
                                   (fetch.complete ? 0x80U : 0U)));
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(fetch.kind) | evidence_bits(fetch.evidence) |
                                   (v6 ? kIpv6 : 0U) | (whole ? kWhole : 0U) | (fetch.before ? kHasBefore : 0U)));
  const std::string_view address(reinterpret_cast<const char*>(fetch.client.bytes.data()), fetch.client.bytes.size());
  out.raw(v6 ? address : address.substr(kMappedPrefix));
  out.varint(fetch.duration_us);
  out.varint(fetch.device);
  encode_system(fetch.system, out);
  if ((without & kNoDelta) == 0) out.varint(fetch.from_version);
  out.varint(fetch.url);
  out.varint(fetch.release);
  if ((without & kUsualStatus) == 0) out.varint(fetch.status);
  out.varint(fetch.object_bytes);
  out.zigzag(difference(fetch.object_bytes, fetch.bytes_asked));
  if ((without & kRun) == 0) out.zigzag(difference(fetch.bytes_asked, fetch.bytes_sent));
  if ((without & kFromStore) == 0) out.varint(fetch.bytes_from_origin);
  if (fetch.before) {
    out.zigzag(difference(key.time_us, fetch.before->time_us));
    out.varint(key.sequence - fetch.before->sequence);
  }
  if ((without & kRun) != 0) {
    out.varint(fetch.ranges.list().front().first);
  } else if (!whole) {
    encode_ranges(fetch.ranges, out);
  }
}

std::optional<StoredFetch> decode_fetch(const FetchKey& key, std::string_view bytes) {
  StoredReader in(bytes);
  const unsigned format = in.u8();
  const unsigned without = format & ~kFormatBits;
  if (format != kFormatBefore && (format & kFormatBits) != kFormat) return std::nullopt;
  const unsigned how = in.u8();
  const unsigned flags = in.u8();
  const unsigned evidence = (flags >> 2U & 3U) | (flags >> 7U) << 2U;
  if ((how & 0xFU) >= kEntrances || (how >> 4U & 7U) >= kAnswers || evidence >= kDeviceEvidences) return std::nullopt;
  StoredFetch fetch;
  fetch.entrance = static_cast<Entrance>(how & 0xFU);
  fetch.answered = static_cast<Answered>(how >> 4U & 7U);
  fetch.complete = (how & 0x80U) != 0;
  fetch.kind = static_cast<FileKind>(flags & 3U);
  fetch.evidence = static_cast<DeviceEvidence>(evidence);
  decode_address(in, flags, fetch.client);
  fetch.duration_us = in.varint();
  fetch.device = in.varint32();
  if (!decode_system(in, fetch.system)) return std::nullopt;
  if ((without & kNoDelta) == 0) fetch.from_version = in.varint32();
  fetch.url = in.varint32();
  fetch.release = in.varint32();
  const bool usual = (without & kUsualStatus) != 0;
  fetch.status = !usual ? in.varint32() : (without & kRun) != 0 ? kPartialContent : kOk;
  fetch.object_bytes = in.varint();
  fetch.bytes_asked = fetch.object_bytes - static_cast<std::uint64_t>(in.zigzag());
  fetch.bytes_sent = fetch.bytes_asked;
  if ((without & kRun) == 0) fetch.bytes_sent -= static_cast<std::uint64_t>(in.zigzag());
  if ((without & kFromStore) == 0) fetch.bytes_from_origin = in.varint();
  if ((flags & kHasBefore) != 0) {
    const std::uint64_t time_us = key.time_us - static_cast<std::uint64_t>(in.zigzag());
    fetch.before = FetchKey{time_us, key.sequence - in.varint32()};
  }
  if ((without & kRun) != 0) {
    const std::uint64_t first = in.varint();
    if (fetch.bytes_sent == 0 || first > UINT64_MAX - fetch.bytes_sent) return std::nullopt;
    fetch.ranges.add(first, first + fetch.bytes_sent);
  } else if ((flags & kWhole) != 0) {
    fetch.ranges.add(0, fetch.object_bytes);
  } else if (!decode_ranges(in, fetch.ranges)) {
    return std::nullopt;
  }
  if (!in.done()) return std::nullopt;
  return fetch;
}

}  // namespace larder::reports
