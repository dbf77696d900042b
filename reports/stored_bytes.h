// SPDX-License-Identifier: MIT
// The alphabet of the ledger's formats: big-endian numbers (so that keys sort by number), varints, zigzag, text.
//   u8, u32, u64  fixed, big-endian
//   varint        LEB128: 7 bits a byte, lowest first, high bit says another byte follows; at most 10 bytes
//   zigzag        varint of (n << 1) ^ (n >> 63): small for small numbers of either sign
//   text          varint length, then the bytes
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace larder::reports {

class StoredWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void u32(std::uint32_t value) { fixed(value); }
  void u64(std::uint64_t value) { fixed(value); }
  void varint(std::uint64_t value) {
    std::array<char, 10> digits{};
    std::size_t count = 0;
    for (; value >= 0x80; value >>= 7U) digits[count++] = static_cast<char>(value | 0x80U);
    digits[count++] = static_cast<char>(value);
    bytes_.append(digits.data(), count);
  }
  void zigzag(std::int64_t value) { varint((static_cast<std::uint64_t>(value) << 1U) ^ (value < 0 ? UINT64_MAX : 0)); }
  void text(std::string_view value) {
    varint(value.size());
    raw(value);
  }
  void raw(std::string_view value) { bytes_.append(value); }

  std::string take() { return std::move(bytes_); }
  void clear() { bytes_.clear(); }
  std::string_view view() const { return bytes_; }

 private:
  template <class Number>
  void fixed(Number value) {
    std::array<char, sizeof(Number)> digits{};
    for (std::size_t i = digits.size(); i > 0; value = static_cast<Number>(value >> 8U)) {
      digits[--i] = static_cast<char>(value);
    }
    bytes_.append(digits.data(), digits.size());
  }

  std::string bytes_;
};

// Never reads beyond its bytes. After the first thing that is missing or malformed, everything reads as 0 or "" and
// ok() is false.
class StoredReader {
 public:
  explicit StoredReader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t u8();
  std::uint32_t u32();
  std::uint64_t u64();
  std::uint64_t varint();
  std::uint32_t varint32();  // fails when over 32 bits
  std::int64_t zigzag();
  std::string_view text();  // a view of the bytes given
  std::string_view raw(std::size_t length);

  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }  // all read, nothing left over

 private:
  std::uint64_t fixed(std::size_t length);
  void spoil();

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace larder::reports
