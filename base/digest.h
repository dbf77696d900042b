// SPDX-License-Identifier: MIT
// SHA-256, the name of a blob. Collision resistance matters: a name is a security boundary.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/owned.h"

struct evp_md_ctx_st;

namespace larder {

struct Digest {
  static constexpr std::size_t kSize = 32;
  std::array<std::byte, kSize> bytes{};

  auto operator<=>(const Digest&) const = default;
  std::string hex() const;                                      // 64 lower-case digits
  static std::optional<Digest> from_hex(std::string_view hex);  // 64 digits of any case
};

// Bytes in, in order; a Digest at the end. Movable; used by one thread at a time.
class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  Digest finish();  // once; the object is spent afterwards

  static Digest of(std::span<const std::byte> bytes);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace larder
