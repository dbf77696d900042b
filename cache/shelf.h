// SPDX-License-Identifier: MIT
// Shelf: where the bytes of chunks lie. Two environments, so that each keeps one kind of value: `chunks` has values of
// exactly 1 MiB (tails padded with zeros), `small` has the pieces of objects below 1 MiB. It knows neither names nor
// checks; the index says what is held.
//
// chunks: key (u64 extent, u32 chunk), big-endian; value 1,048,576 bytes
// small:  key (u64 extent, u32 piece), big-endian; value the next at most 65,520 bytes, which with LMDB's 16-byte page
//         header are 16 pages
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "cache/environment.h"
#include "cache/object.h"

namespace larder::cache {

inline constexpr std::size_t kPieceBytes = 65520;
inline constexpr std::uint64_t kStoragePageBytes = 4096;

constexpr bool is_small(std::uint64_t object_size_bytes) {
  return object_size_bytes < kChunkBytes;
}

constexpr std::uint32_t piece_count(std::uint64_t object_size_bytes) {
  return static_cast<std::uint32_t>((object_size_bytes + kPieceBytes - 1) / kPieceBytes);
}

// Disk space a value is accounted as: a chunk 1 MiB, a piece the pages it takes.
constexpr std::uint64_t charge_of_value(std::uint64_t value_bytes) {
  if (value_bytes == kChunkBytes) return kChunkBytes;
  constexpr std::uint64_t kPageHeaderBytes = 16;
  return (value_bytes + kPageHeaderBytes + kStoragePageBytes - 1) / kStoragePageBytes * kStoragePageBytes;
}

// Of one chunk of an object of this size.
constexpr std::uint64_t charge_of_chunk(std::uint64_t object_size_bytes) {
  if (!is_small(object_size_bytes)) return kChunkBytes;
  const std::uint64_t tail = object_size_bytes % kPieceBytes;
  return object_size_bytes / kPieceBytes * charge_of_value(kPieceBytes) + (tail > 0 ? charge_of_value(tail) : 0);
}

// The bytes of one chunk where they lie: one span, or the pieces of a small object in order. Lives as long as the
// transaction it was found in.
class ChunkView {
 public:
  std::span<const ByteView> pieces() const { return std::span(pieces_).first(count_); }
  void add(ByteView piece) { pieces_[count_++] = piece; }
  bool empty() const { return count_ == 0; }

 private:
  static constexpr std::size_t kMostPieces = (kChunkBytes + kPieceBytes - 1) / kPieceBytes;
  std::array<ByteView, kMostPieces> pieces_;
  std::size_t count_ = 0;
};

class Shelf {
 public:
  static Result<Shelf> open(Environment environment);

  const Environment& environment() const { return environment_; }
  MDB_dbi table() const { return table_; }

  // Whether LMDB can be let free the value's pages: it believes what their head says, and would free what is in use.
  // Such a value stays where it is, of no use, until the environment is begun anew.
  bool may_be_freed(ByteView value) const;
  bool may_be_freed(const ChunkView& chunk, std::uint64_t object_size_bytes) const;

  // An empty view when any part is missing or of another length than this size asks for.
  Result<ChunkView> find(MDB_txn* txn, ExtentId extent, ChunkIndex chunk, std::uint64_t object_size_bytes) const;

  // The bytes that the accounts grow by: 0 when a value of that key is replaced.
  Result<std::uint64_t> put(MDB_txn* txn, ExtentId extent, ChunkIndex chunk, std::uint64_t object_size_bytes,
                            ByteView bytes) const;

 private:
  explicit Shelf(Environment environment) : environment_(std::move(environment)) {}
  Result<std::uint64_t> put_value(MDB_txn* txn, ByteView key, ByteView bytes, std::size_t value_bytes) const;
  Environment environment_;
  MDB_dbi table_ = 0;
};

// XXH3-64 of the pieces, one after another.
std::uint64_t check_of(const ChunkView& chunk);

}  // namespace larder::cache
