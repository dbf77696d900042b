// SPDX-License-Identifier: MIT
#include "reports/rollup_format.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace larder::reports {
namespace {

bool in_hit_ratio(const StoredFetch& fetch) {
  if (fetch.bytes_sent == 0) return false;
  switch (fetch.entrance) {
    case Entrance::tunnel:
    case Entrance::sni:
    case Entrance::helper:
    case Entrance::own:
      return false;
    default:
      return fetch.answered != Answered::refused && fetch.answered != Answered::failed;
  }
}

bool is_beside(const StoredFetch& fetch) {
  return fetch.status >= kFirstError || fetch.entrance == Entrance::helper;
}

void encode_word(const SystemWord& word, StoredWriter& out) {
  encode_system(word.said, out);
  if (word.said.os != 0) out.varint(word.time_us);
}

bool decode_word(StoredReader& in, SystemWord& word) {
  if (!decode_system(in, word.said)) return false;
  if (word.said.os != 0) word.time_us = in.varint();
  return true;
}

template <class Row>
bool accept(bool valid, Row& row, Row decoded) {
  row = valid ? std::move(decoded) : Row{};
  return valid;
}

}  // namespace

// Keys are numbers Larder gave itself, not texts a client chose: three multiplications spread them well enough.
std::size_t RowKey::hash() const {
  std::array<std::uint64_t, 3> words{};
  static_assert(sizeof words == sizeof bytes_);
  std::memcpy(words.data(), bytes_.data(), sizeof words);
  const std::uint64_t high = (words[1] ^ (words[2] * 0xFF51AFD7ED558CCDULL)) + size_;
  const std::uint64_t mixed = (words[0] ^ (high * 0x9E3779B97F4A7C15ULL)) * 0xC2B2AE3D27D4EB4FULL;
  return static_cast<std::size_t>(mixed ^ (mixed >> 32U));
}

std::uint32_t word_at(std::string_view key, std::size_t place) {
  if (key.size() < 4 * (place + 1)) return 0;
  return StoredReader(key.substr(4 * place)).u32();
}

Entrance entrance_of(std::string_view key) {
  const auto byte = key.empty() ? std::uint8_t{0xFF} : static_cast<std::uint8_t>(key.back());
  return static_cast<Entrance>(std::min(byte, static_cast<std::uint8_t>(Entrance::own)));
}

std::uint64_t base_of(Table table, std::string_view key) {
  switch (table) {
    case Table::hours:
    case Table::place_hours:
      return word_at(key, 0) * kHourUs;
    case Table::days:
    case Table::place_days:
      return word_at(key, 0) * kDayUs;
    case Table::device_hours:
      return word_at(key, 1) * kHourUs;
    default:
      return 0;
  }
}

std::int64_t Tally::bytes_saved() const {
  return static_cast<std::int64_t>(bytes_sent - bytes_beside - bytes_from_origin);
}

void Tally::add(const Tally& other) {
  requests += other.requests;
  hits += other.hits;
  misses += other.misses;
  bytes_sent += other.bytes_sent;
  bytes_from_origin += other.bytes_from_origin;
  bytes_beside += other.bytes_beside;
  first_us = std::min(first_us, other.first_us);
  last_us = std::max(last_us, other.last_us);
}

Tally Tally::of(const FetchKey& key, const StoredFetch& fetch) {
  Tally tally;
  tally.bytes_from_origin = fetch.bytes_from_origin;
  if (fetch.entrance == Entrance::own) return tally;
  tally.requests = 1;
  tally.bytes_sent = fetch.bytes_sent;
  if (is_beside(fetch)) tally.bytes_beside = fetch.bytes_sent - std::min(fetch.bytes_sent, fetch.bytes_from_origin);
  tally.first_us = tally.last_us = key.time_us;
  if (in_hit_ratio(fetch)) {
    const bool missed = fetch.answered == Answered::miss || fetch.answered == Answered::pass;
    (missed ? tally.misses : tally.hits) = 1;
  }
  return tally;
}

double Holding::fraction() const {
  if (completed_us) return 1;
  return object_bytes == 0 ? 0 : static_cast<double>(held_bytes) / static_cast<double>(object_bytes);
}

void encode_row(const Tally& tally, std::uint64_t base_us, StoredWriter& out) {
  const bool some = tally.first_us <= tally.last_us;
  out.varint(tally.requests);
  out.varint(tally.hits);
  out.varint(tally.misses);
  out.varint(tally.bytes_sent);
  out.varint(tally.bytes_from_origin);
  out.varint(some ? tally.first_us - base_us : 0);
  out.varint(some ? tally.last_us - tally.first_us : 0);
  if (tally.bytes_beside > 0) out.varint(tally.bytes_beside);
}

bool decode_row(std::string_view bytes, std::uint64_t base_us, Tally& row) {
  StoredReader in(bytes);
  Tally tally;
  tally.requests = in.varint();
  tally.hits = in.varint();
  tally.misses = in.varint();
  tally.bytes_sent = in.varint();
  tally.bytes_from_origin = in.varint();
  const std::uint64_t first = in.varint();
  const std::uint64_t length = in.varint();
  const bool beside = in.ok() && !in.done();
  if (beside) tally.bytes_beside = in.varint();
  if (tally.requests > 0) {
    tally.first_us = base_us + first;
    tally.last_us = tally.first_us + length;
  }
  const bool plausible = !beside || (tally.bytes_beside > 0 && tally.bytes_beside <= tally.bytes_sent);
  return accept(in.done() && plausible, row, tally);
}

void encode_row(const Holding& holding, std::uint64_t /*base_us*/, StoredWriter& out) {
  out.varint(holding.seen_first_us);
  out.varint(holding.seen_last_us - holding.seen_first_us);
  out.u8(holding.fetched() ? 1 : 0);
  if (!holding.fetched()) return;
  out.varint(holding.fetched_first_us - holding.seen_first_us);
  out.varint(holding.fetched_last_us - holding.fetched_first_us);
  out.varint(holding.completed_us ? *holding.completed_us - holding.seen_first_us + 1 : 0);
  out.varint(holding.held_bytes);
  out.varint(holding.object_bytes);
}

bool decode_row(std::string_view bytes, std::uint64_t /*base_us*/, Holding& row) {
  StoredReader in(bytes);
  Holding holding;
  holding.seen_first_us = in.varint();
  holding.seen_last_us = holding.seen_first_us + in.varint();
  const std::uint8_t fetched = in.u8();
  if (fetched == 1) {
    holding.fetched_first_us = holding.seen_first_us + in.varint();
    holding.fetched_last_us = holding.fetched_first_us + in.varint();
    if (const std::uint64_t completed = in.varint(); completed > 0) {
      holding.completed_us = holding.seen_first_us + completed - 1;
    }
    holding.held_bytes = in.varint();
    holding.object_bytes = in.varint();
  }
  return accept(in.done() && fetched <= 1, row, holding);
}

void encode_row(const Coverage& coverage, std::uint64_t /*base_us*/, StoredWriter& out) {
  out.varint(coverage.object_bytes);
  out.varint(coverage.intervals.list().size());
  std::uint64_t at = 0;
  for (const auto& [first, end] : coverage.intervals.list()) {
    out.varint(first - at);
    out.varint(end - first);
    at = end;
  }
}

bool decode_row(std::string_view bytes, std::uint64_t /*base_us*/, Coverage& row) {
  StoredReader in(bytes);
  Coverage coverage;
  coverage.object_bytes = in.varint();
  const std::uint64_t count = in.varint();
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const std::uint64_t gap = in.varint();
    const std::uint64_t length = in.varint();
    if (gap > UINT64_MAX - at || length > UINT64_MAX - at - gap) return accept(false, row, {});
    coverage.intervals.add(at + gap, at + gap + length);
    at += gap + length;
  }
  return accept(in.done(), row, std::move(coverage));
}

void encode_row(const VersionCounts& counts, std::uint64_t /*base_us*/, StoredWriter& out) {
  out.varint(counts.complete);
  out.varint(counts.partly);
}

bool decode_row(std::string_view bytes, std::uint64_t /*base_us*/, VersionCounts& row) {
  StoredReader in(bytes);
  VersionCounts counts;
  counts.complete = in.varint();
  counts.partly = in.varint();
  return accept(in.done(), row, counts);
}

void encode_row(const NewestReleases& newest, std::uint64_t /*base_us*/, StoredWriter& out) {
  std::uint32_t before = 0;
  for (const std::uint32_t id : newest.ids) out.varint(id - std::exchange(before, id));
}

bool decode_row(std::string_view bytes, std::uint64_t /*base_us*/, NewestReleases& row) {
  StoredReader in(bytes);
  NewestReleases newest;
  std::uint64_t id = 0;
  while (in.ok() && !in.done()) {
    const std::uint64_t gap = in.varint();
    id += gap;
    if (gap == 0 || id > UINT32_MAX) return accept(false, row, newest);
    newest.ids.push_back(static_cast<std::uint32_t>(id));
  }
  return accept(in.done(), row, newest);
}

void encode_row(const DeviceState& device, std::uint64_t /*base_us*/, StoredWriter& out) {
  out.text(device.id);
  out.u8(static_cast<std::uint8_t>(device.evidence));
  out.raw({reinterpret_cast<const char*>(device.address.bytes.data()), device.address.bytes.size()});
  out.u8(device.mac ? 1 : 0);
  if (device.mac) out.raw({reinterpret_cast<const char*>(device.mac->data()), device.mac->size()});
  out.varint(device.host);
  encode_word(device.system.exact, out);
  encode_word(device.system.least, out);
  out.varint(device.first_us);
  out.varint(device.last_us - device.first_us);
  out.varint(device.requests);
  out.varint(device.bytes_sent);
  out.u8(device.last_fetch ? 1 : 0);
  if (device.last_fetch) {
    out.u64(device.last_fetch->time_us);
    out.u32(device.last_fetch->sequence);
  }
}

bool decode_row(std::string_view bytes, std::uint64_t /*base_us*/, DeviceState& row) {
  StoredReader in(bytes);
  DeviceState device;
  device.id = in.text();
  const std::uint8_t evidence = in.u8();
  device.evidence = static_cast<DeviceEvidence>(evidence);
  const std::string_view address = in.raw(device.address.bytes.size());
  std::copy(address.begin(), address.end(), device.address.bytes.begin());
  const std::uint8_t has_mac = in.u8();
  if (has_mac == 1) {
    const std::string_view mac = in.raw(6);
    std::copy(mac.begin(), mac.end(), device.mac.emplace().begin());
  }
  device.host = in.varint32();
  const bool systems = decode_word(in, device.system.exact) && decode_word(in, device.system.least);
  device.first_us = in.varint();
  device.last_us = device.first_us + in.varint();
  device.requests = in.varint();
  device.bytes_sent = in.varint();
  const std::uint8_t has_last = in.u8();
  if (has_last == 1) {
    const std::uint64_t time_us = in.u64();
    device.last_fetch = FetchKey{time_us, in.u32()};
  }
  return accept(in.done() && systems && evidence < kDeviceEvidences && has_mac <= 1 && has_last <= 1, row,
                std::move(device));
}

}  // namespace larder::reports
