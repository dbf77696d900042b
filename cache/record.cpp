// SPDX-License-Identifier: MIT
#include "cache/record.h"

#include "cache/scrub_place.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

namespace larder::cache {

namespace {

constexpr std::uint8_t kRecordVersion = 1;
constexpr std::uint8_t kObjectVersion = 2;  // 1 had no status and nothing of staleness: all were 200

enum ObjectFlag : std::uint8_t { kMustRevalidate = 1, kImmutable = 2, kStaleIfErrorSaid = 4 };
enum ExtentFlag : std::uint8_t { kComplete = 1, kDigestKnown = 2 };

class Packer {
 public:
  template <class Number>
  void number(Number value) {
    auto bits = static_cast<std::make_unsigned_t<Number>>(value);
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      bytes_.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(bits) >> (8 * i)));
    }
  }
  void raw(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void text(std::string_view text) {
    if (text.size() > std::numeric_limits<std::uint32_t>::max()) fits_ = false;
    number(static_cast<std::uint32_t>(text.size()));
    raw(std::as_bytes(std::span(text)));
  }
  void count(std::size_t count) {
    if (count > std::numeric_limits<std::uint16_t>::max()) fits_ = false;
    number(static_cast<std::uint16_t>(count));
  }
  void check() { number(check_of(bytes_)); }
  bool fits() const { return fits_; }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
  bool fits_ = true;
};

// Reads past the end give zeros and spoil the whole.
class Unpacker {
 public:
  explicit Unpacker(std::span<const std::byte> bytes) : rest_(bytes) {}

  // Takes the trailing check off, and says whether it is right.
  bool checked() {
    if (rest_.size() < sizeof(std::uint64_t)) return false;
    const auto body = rest_.first(rest_.size() - sizeof(std::uint64_t));
    Unpacker tail(rest_.subspan(body.size()));
    rest_ = body;
    return tail.number<std::uint64_t>() == check_of(body);
  }

  template <class Number>
  Number number() {
    std::uint64_t bits = 0;
    const auto taken = raw(sizeof(Number));
    for (std::size_t i = 0; i < taken.size(); ++i) bits |= std::to_integer<std::uint64_t>(taken[i]) << (8 * i);
    return static_cast<Number>(bits);
  }
  std::span<const std::byte> raw(std::size_t size) {
    if (size > rest_.size()) {
      sound_ = false;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  std::string text() {
    const auto taken = raw(number<std::uint32_t>());
    std::string text(taken.size(), '\0');
    if (!taken.empty()) std::memcpy(text.data(), taken.data(), taken.size());
    return text;
  }
  bool sound() const { return sound_; }
  bool finished() const { return sound_ && rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

 private:
  std::span<const std::byte> rest_;
  bool sound_ = true;
};

template <std::size_t Size, class Number>
void put_big_endian(std::array<std::byte, Size>& to, std::size_t at, Number number) {
  for (std::size_t i = 0; i < sizeof(Number); ++i) {
    to[at + i] = static_cast<std::byte>(number >> (8 * (sizeof(Number) - 1 - i)));
  }
}

std::uint64_t big_endian(std::span<const std::byte> bytes) {
  std::uint64_t number = 0;
  for (const std::byte byte : bytes) number = number << 8U | std::to_integer<std::uint64_t>(byte);
  return number;
}

std::uint32_t seconds_of(std::chrono::seconds time) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, UINT32_MAX));
}

std::uint8_t flags_of(const Freshness& freshness) {
  return static_cast<std::uint8_t>((freshness.must_revalidate ? kMustRevalidate : 0) |
                                   (freshness.immutable ? kImmutable : 0) |
                                   (freshness.stale_if_error ? kStaleIfErrorSaid : 0));
}

WallTime wall_time(std::int64_t microseconds) {
  return WallTime(std::chrono::microseconds(microseconds));
}

}  // namespace

std::uint64_t check_of(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

UrlKey url_key(std::string_view url) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(url.data(), url.size()));
  UrlKey key;
  std::memcpy(key.bytes.data(), canonical.digest, key.bytes.size());
  return key;
}

std::array<std::byte, 8> extent_key(ExtentId extent) {
  std::array<std::byte, 8> key{};
  put_big_endian(key, 0, extent.value);
  return key;
}

std::array<std::byte, 12> numbered_key(ExtentId extent, std::uint32_t number) {
  std::array<std::byte, 12> key{};
  put_big_endian(key, 0, extent.value);
  put_big_endian(key, sizeof extent.value, number);
  return key;
}

std::optional<ExtentId> decode_extent_key(std::span<const std::byte> key) {
  if (key.size() != 8) return {};
  return ExtentId{big_endian(key)};
}

std::optional<NumberedKey> decode_numbered_key(std::span<const std::byte> key) {
  if (key.size() != 12) return {};
  return NumberedKey{{big_endian(key.first(8))}, static_cast<std::uint32_t>(big_endian(key.subspan(8)))};
}

bool MapPage::has(std::uint32_t slot) const {
  return slot < slots() && ((held_[slot / 8] >> (slot % 8)) & 1U) != 0;
}

void MapPage::set(std::uint32_t slot, std::uint64_t check) {
  held_[slot / 8] = static_cast<std::uint8_t>(held_[slot / 8] | (1U << (slot % 8)));
  checks_[slot] = check;
}

void MapPage::clear(std::uint32_t slot) {
  held_[slot / 8] = static_cast<std::uint8_t>(held_[slot / 8] & ~(1U << (slot % 8)));
  checks_[slot] = 0;
}

std::optional<Bytes> encode(const Object& object) {
  Packer out;
  out.number(kObjectVersion);
  out.number(flags_of(object.freshness));
  out.number(static_cast<std::uint16_t>(object.status));
  out.number(object.extent.value);
  out.number(object.size_bytes);
  out.number(std::int64_t{object.stored_at.time_since_epoch().count()});
  out.number(std::int64_t{object.freshness.response_time.time_since_epoch().count()});
  out.number(std::int64_t{object.freshness.initial_age.count()});
  out.number(std::int64_t{object.freshness.lifetime.count()});
  out.number(seconds_of(object.freshness.stale_while_revalidate));
  out.number(seconds_of(object.freshness.stale_if_error.value_or(std::chrono::seconds(0))));
  out.text(object.url);
  out.text(object.etag);
  out.text(object.origin.etag);
  out.text(object.origin.last_modified);
  out.count(object.other_etags.size());
  for (const std::string& etag : object.other_etags) out.text(etag);
  out.count(object.fields.size());
  for (const auto& [name, value] : object.fields) {
    out.text(name);
    out.text(value);
  }
  out.check();
  if (!out.fits()) return {};
  return out.take();
}

std::optional<Object> decode_object(std::span<const std::byte> value) {
  Unpacker in(value);
  if (!in.checked()) return {};
  const auto version = in.number<std::uint8_t>();
  if (version != kObjectVersion && version != 1) return {};
  Object object;
  const auto flags = in.number<std::uint8_t>();
  object.freshness.must_revalidate = (flags & kMustRevalidate) != 0;
  object.freshness.immutable = (flags & kImmutable) != 0;
  if (version >= 2) object.status = in.number<std::uint16_t>();
  object.extent = {in.number<std::uint64_t>()};
  object.size_bytes = in.number<std::uint64_t>();
  object.stored_at = wall_time(in.number<std::int64_t>());
  object.freshness.response_time = wall_time(in.number<std::int64_t>());
  object.freshness.initial_age = std::chrono::seconds(in.number<std::int64_t>());
  object.freshness.lifetime = std::chrono::seconds(in.number<std::int64_t>());
  if (version >= 2) {
    object.freshness.stale_while_revalidate = std::chrono::seconds(in.number<std::uint32_t>());
    const auto stale_if_error = std::chrono::seconds(in.number<std::uint32_t>());
    if ((flags & kStaleIfErrorSaid) != 0) object.freshness.stale_if_error = stale_if_error;
  }
  object.url = in.text();
  object.etag = in.text();
  object.origin.etag = in.text();
  object.origin.last_modified = in.text();
  for (unsigned left = in.number<std::uint16_t>(); left > 0 && in.sound(); --left) {
    object.other_etags.push_back(in.text());
  }
  for (unsigned left = in.number<std::uint16_t>(); left > 0 && in.sound(); --left) {
    std::string name = in.text();
    object.fields.emplace_back(std::move(name), in.text());
  }
  if (!in.finished() || object.status < 200 || object.status > 599) return {};
  return object;
}

Bytes encode(const ExtentRecord& extent) {
  Packer out;
  out.number(kRecordVersion);
  out.number(static_cast<std::uint8_t>((extent.complete ? kComplete : 0) | (extent.digest ? kDigestKnown : 0)));
  out.number(extent.size_bytes);
  out.number(extent.bytes_held);
  out.number(extent.chunks_held);
  out.raw(extent.digest.value_or(Digest{}).bytes);
  out.check();
  return out.take();
}

std::optional<ExtentRecord> decode_extent(std::span<const std::byte> value) {
  Unpacker in(value);
  if (!in.checked() || in.number<std::uint8_t>() != kRecordVersion) return {};
  const auto flags = in.number<std::uint8_t>();
  ExtentRecord extent;
  extent.complete = (flags & kComplete) != 0;
  extent.size_bytes = in.number<std::uint64_t>();
  extent.bytes_held = in.number<std::uint64_t>();
  extent.chunks_held = in.number<std::uint32_t>();
  Digest digest;
  const auto taken = in.raw(Digest::kSize);
  std::copy(taken.begin(), taken.end(), digest.bytes.begin());
  if ((flags & kDigestKnown) != 0) extent.digest = digest;
  if (!in.finished() || (extent.complete && !extent.digest)) return {};
  return extent;
}

Bytes encode(const MapPage& page) {
  Packer out;
  for (std::uint32_t byte = 0; byte < kChunksPerPage / 8; ++byte) {
    unsigned bits = 0;
    for (std::uint32_t bit = 0; bit < 8; ++bit) bits |= page.has(byte * 8 + bit) ? 1U << bit : 0U;
    out.number(static_cast<std::uint8_t>(bits));
  }
  for (std::uint32_t slot = 0; slot < page.slots(); ++slot) out.number(page.check(slot));
  out.check();
  return out.take();
}

std::optional<MapPage> decode_map_page(std::span<const std::byte> value) {
  Unpacker in(value);
  if (!in.checked()) return {};
  const auto bits = in.raw(kChunksPerPage / 8);
  if (!in.sound() || in.left() % sizeof(std::uint64_t) != 0) return {};
  const std::size_t slots = in.left() / sizeof(std::uint64_t);
  if (slots > kChunksPerPage) return {};
  MapPage page(static_cast<std::uint32_t>(slots));
  for (std::uint32_t slot = 0; slot < page.slots(); ++slot) {
    const auto check = in.number<std::uint64_t>();
    if ((std::to_integer<unsigned>(bits[slot / 8]) >> (slot % 8) & 1U) != 0) page.set(slot, check);
  }
  return page;
}

Bytes encode(const BlobRecord& blob) {
  Packer out;
  out.number(blob.extent.value);
  out.number(blob.size_bytes);
  return out.take();
}

std::optional<BlobRecord> decode_blob(std::span<const std::byte> value) {
  Unpacker in(value);
  BlobRecord blob;
  blob.extent = {in.number<std::uint64_t>()};
  blob.size_bytes = in.number<std::uint64_t>();
  if (!in.finished()) return {};
  return blob;
}

Bytes encode(const ScrubPlace& place) {
  Packer out;
  out.number(place.extent.value);
  out.number(place.chunk.value);
  out.number(static_cast<std::uint64_t>(place.pass_began.time_since_epoch().count()));
  out.number(static_cast<std::uint64_t>(place.last_pass_ended.time_since_epoch().count()));
  return out.take();
}

std::optional<ScrubPlace> decode_scrub_place(std::span<const std::byte> value) {
  Unpacker in(value);
  const auto time = [&in] { return WallTime(std::chrono::microseconds(in.number<std::int64_t>())); };
  ScrubPlace place;
  place.extent = {in.number<std::uint64_t>()};
  place.chunk = {in.number<std::uint32_t>()};
  place.pass_began = time();
  place.last_pass_ended = time();
  if (!in.finished()) return {};
  return place;
}

Bytes encode_number(std::uint64_t number) {
  Packer out;
  out.number(number);
  return out.take();
}

std::optional<std::uint64_t> decode_number(std::span<const std::byte> value) {
  Unpacker in(value);
  const auto number = in.number<std::uint64_t>();
  if (!in.finished()) return {};
  return number;
}

}  // namespace larder::cache
