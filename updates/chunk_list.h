// SPDX-License-Identifier: MIT
// Apple's lists of chunks (".integrityDataV1" beside a package): the SHA-256 of each piece of a file, in order.
//   header, 36 bytes, little-endian: "CNKL", u32 header size, u8 version 1, u8 chunk method 1, u8 signature method,
//          u8 0, u64 chunk count, u64 offset of the chunks, u64 offset of the signature
//   chunk  u32 size, 32 bytes SHA-256
// Signature method 2: the SHA-256 of everything before it, which is checked. Method 1, an RSA signature, is not: whose
// key it is was not published. Source: mist-cli's Chunklist.swift.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace larder::updates {

struct ListedChunk {
  std::uint32_t size_bytes = 0;
  Digest sha256;
};

struct ChunkList {
  std::vector<ListedChunk> chunks;  // in the file's order; none is empty
  std::uint64_t size_bytes = 0;     // of the file

  // Chunks are 10 MiB in every list that has been described: a file of 18 GB has some 1,800. Over it: refused.
  static constexpr std::size_t kChunks = 100'000;
  static constexpr std::size_t kBytes = 8UL * 1024 * 1024;
};

Result<ChunkList> read_chunk_list(std::span<const std::byte> document);

}  // namespace larder::updates
