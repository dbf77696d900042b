// SPDX-License-Identifier: MIT
#include "config/special_address.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace larder::config {
namespace {

struct Block {
  std::array<std::uint8_t, 8> base;
  std::uint8_t prefix;  // bits of `base`
  std::string_view use;
};

constexpr auto kV4 = std::to_array<Block>({
    {{0}, 8, "unspecified"},                   // RFC 791 3.2: "this network"
    {{10}, 8, "private"},                      // RFC 1918
    {{100, 64}, 10, "shared (carrier NAT)"},   // RFC 6598
    {{127}, 8, "loopback"},                    // RFC 1122 3.2.1.3
    {{169, 254}, 16, "link-local"},            // RFC 3927
    {{172, 16}, 12, "private"},                // RFC 1918
    {{192, 0, 0}, 24, "reserved"},             // RFC 6890 2.1
    {{192, 0, 2}, 24, "documentation"},        // RFC 5737
    {{192, 168}, 16, "private"},               // RFC 1918
    {{198, 18}, 15, "reserved (benchmarks)"},  // RFC 2544
    {{198, 51, 100}, 24, "documentation"},     // RFC 5737
    {{203, 0, 113}, 24, "documentation"},      // RFC 5737
    {{224}, 4, "multicast"},                   // RFC 5771
    {{240}, 4, "reserved"},                    // RFC 1112 4, with the broadcast address
});

constexpr auto kV6 = std::to_array<Block>({
    {{0x01, 0x00}, 64, "reserved"},                         // RFC 6666: discarded
    {{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48, "private"},  // RFC 8215: a site's own NAT64, of unknown layout
    {{0x20, 0x01, 0x00, 0x00}, 32, "reserved"},             // RFC 4380: Teredo
    {{0x20, 0x01, 0x00, 0x02, 0x00, 0x00}, 48, "reserved (benchmarks)"},  // RFC 5180
    {{0x20, 0x01, 0x0D, 0xB8}, 32, "documentation"},                      // RFC 3849
    {{0x3F, 0xFF, 0x00}, 20, "documentation"},                            // RFC 9637
    {{0x5F, 0x00}, 16, "reserved"},                                       // RFC 9602: segment routing
    {{0xFC}, 7, "unique local"},                                          // RFC 4193
    {{0xFE, 0x80}, 10, "link-local"},                                     // RFC 4291 2.5.6
    {{0xFE, 0xC0}, 10, "private"},                                        // RFC 3879: site-local
    {{0xFF}, 8, "multicast"},                                             // RFC 4291 2.7
});

constexpr std::size_t kV4At = 12;  // in the 16 bytes of a mapped address

bool begins_with(const std::uint8_t* bytes, const Block& block) {
  for (std::size_t i = 0; i * 8 < block.prefix; ++i) {
    const unsigned bits = std::min<unsigned>(8, block.prefix - static_cast<unsigned>(i) * 8);
    const auto mask = static_cast<std::uint8_t>(0xFFU << (8 - bits));
    if ((bytes[i] & mask) != (block.base.at(i) & mask)) return false;
  }
  return true;
}

template <class Blocks>
std::string_view look_up(const Blocks& blocks, const std::uint8_t* bytes) {
  const auto found = std::find_if(blocks.begin(), blocks.end(), [&](const Block& b) { return begins_with(bytes, b); });
  return found == blocks.end() ? std::string_view{} : found->use;
}

bool all_zero(const Address& address, std::size_t first, std::size_t end) {
  return std::all_of(address.bytes.begin() + static_cast<std::ptrdiff_t>(first),
                     address.bytes.begin() + static_cast<std::ptrdiff_t>(end), [](std::uint8_t b) { return b == 0; });
}

}  // namespace

std::string_view special_use(const Address& address) {
  const std::uint8_t* bytes = address.bytes.data();
  if (address.is_v4()) return look_up(kV4, bytes + kV4At);
  if (all_zero(address, 0, 15)) return bytes[15] == 0 ? "unspecified" : bytes[15] == 1 ? "loopback" : "reserved";
  if (all_zero(address, 0, kV4At)) return "reserved";        // RFC 4291 2.5.5.1: IPv4-compatible
  constexpr Block kNat64{{0x00, 0x64, 0xFF, 0x9B}, 64, {}};  // RFC 6052 2.1: 64:ff9b::/96
  if (begins_with(bytes, kNat64) && all_zero(address, 8, kV4At)) return look_up(kV4, bytes + kV4At);
  constexpr Block k6to4{{0x20, 0x02}, 16, {}};  // RFC 3056 2
  if (begins_with(bytes, k6to4)) return look_up(kV4, bytes + 2);
  return look_up(kV6, bytes);
}

}  // namespace larder::config
