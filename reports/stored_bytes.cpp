// SPDX-License-Identifier: MIT
#include "reports/stored_bytes.h"

namespace larder::reports {

void StoredReader::spoil() {
  ok_ = false;
  rest_ = {};
}

std::uint64_t StoredReader::fixed(std::size_t length) {
  if (rest_.size() < length) {
    spoil();
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < length; ++i) value = (value << 8U) | static_cast<std::uint8_t>(rest_[i]);
  rest_.remove_prefix(length);
  return value;
}

std::uint8_t StoredReader::u8() {
  return static_cast<std::uint8_t>(fixed(1));
}

std::uint32_t StoredReader::u32() {
  return static_cast<std::uint32_t>(fixed(4));
}

std::uint64_t StoredReader::u64() {
  return fixed(8);
}

std::uint64_t StoredReader::varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  spoil();
  return 0;
}

std::uint32_t StoredReader::varint32() {
  const std::uint64_t value = varint();
  if (value <= UINT32_MAX) return static_cast<std::uint32_t>(value);
  spoil();
  return 0;
}

std::int64_t StoredReader::zigzag() {
  const std::uint64_t bits = varint();
  return static_cast<std::int64_t>((bits >> 1U) ^ ((bits & 1U) != 0 ? UINT64_MAX : 0));
}

std::string_view StoredReader::text() {
  return raw(varint());
}

std::string_view StoredReader::raw(std::size_t length) {
  if (rest_.size() < length) {
    spoil();
    return {};
  }
  const std::string_view bytes = rest_.substr(0, length);
  rest_.remove_prefix(length);
  return bytes;
}

}  // namespace larder::reports
