// SPDX-License-Identifier: MIT
#include "cache/shelf.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/lmdb_check.h"
#include "cache/record.h"
#include "cache/residence.h"

namespace larder::cache {

Result<Shelf> Shelf::open(Environment environment) {
  Shelf shelf(std::move(environment));
  auto txn = WriteTxn::begin_opening(shelf.environment_);
  if (!txn) return std::move(txn).error();
  auto table = open_table(*txn, shelf.environment_, nullptr);
  if (!table) return std::move(table).error();
  shelf.table_ = *table;
  if (Status committed = std::move(*txn).commit(); !committed) return std::move(committed).error();
  return shelf;
}

Result<ChunkView> Shelf::find(MDB_txn* txn, ExtentId extent, ChunkIndex chunk, std::uint64_t object_size_bytes) const {
  ChunkView view;
  if (!is_small(object_size_bytes)) {
    auto found = get(txn, table_, numbered_key(extent, chunk.value));
    if (!found) return std::move(found).error();
    if (!*found || (*found)->size() != kChunkBytes) return view;
    view.add((*found)->first(chunk_length(chunk, object_size_bytes)));
    return view;
  }
  std::uint64_t left = chunk_length(chunk, object_size_bytes);
  for (std::uint32_t piece = 0; left > 0; ++piece) {
    auto found = get(txn, table_, numbered_key(extent, piece));
    if (!found) return std::move(found).error();
    const std::uint64_t expected = std::min<std::uint64_t>(left, kPieceBytes);
    if (!*found || (*found)->size() != expected) return ChunkView();
    view.add(**found);
    left -= expected;
  }
  return view;
}

bool Shelf::may_be_freed(ByteView value) const {
  const void* const map = environment_.map();
  if (map == nullptr) return true;
  return can_be_read(value.first(1)) && value_head_is_sound(map, value.data(), value.size());
}

bool Shelf::may_be_freed(const ChunkView& chunk, std::uint64_t object_size_bytes) const {
  return std::ranges::all_of(chunk.pieces(), [&](ByteView piece) {
    return may_be_freed({piece.data(), is_small(object_size_bytes) ? piece.size() : kChunkBytes});
  });
}

Result<std::uint64_t> Shelf::put_value(MDB_txn* txn, ByteView key, ByteView bytes, std::size_t value_bytes) const {
  std::uint64_t charge = charge_of_value(value_bytes);
  auto room = reserve(txn, table_, key, value_bytes, Keys::only_new);
  if (room && !*room) {
    charge = 0;
    auto old = get(txn, table_, key);
    if (!old) return std::move(old).error();
    if (*old && !may_be_freed(**old)) {
      return fail(ErrorKind::storage_broken, "the pages of an old chunk are damaged, and nothing can take their place");
    }
    room = reserve(txn, table_, key, value_bytes, Keys::any);
  }
  if (!room) return std::move(room).error();
  std::byte* const to = (*room)->data();
  std::memcpy(to, bytes.data(), bytes.size());
  std::memset(to + bytes.size(), 0, value_bytes - bytes.size());
  return charge;
}

Result<std::uint64_t> Shelf::put(MDB_txn* txn, ExtentId extent, ChunkIndex chunk, std::uint64_t object_size_bytes,
                                 ByteView bytes) const {
  if (!is_small(object_size_bytes)) return put_value(txn, numbered_key(extent, chunk.value), bytes, kChunkBytes);
  std::uint64_t charge = 0;
  for (std::uint32_t piece = 0; !bytes.empty(); ++piece) {
    const ByteView part = bytes.first(std::min(bytes.size(), kPieceBytes));
    auto written = put_value(txn, numbered_key(extent, piece), part, part.size());
    if (!written) return written;
    charge += *written;
    bytes = bytes.subspan(part.size());
  }
  return charge;
}

std::uint64_t check_of(const ChunkView& chunk) {
  if (chunk.pieces().size() == 1) return check_of(chunk.pieces().front());
  const Owned<XXH3_state_t, XXH3_freeState> state(XXH3_createState());
  XXH3_64bits_reset(state.get());
  for (const ByteView piece : chunk.pieces()) XXH3_64bits_update(state.get(), piece.data(), piece.size());
  return XXH3_64bits_digest(state.get());
}

}  // namespace larder::cache
