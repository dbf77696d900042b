// SPDX-License-Identifier: MIT
#include "cache/shelf.h"

#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "cache/record.h"

namespace larder::cache {

Result<Shelf> Shelf::open(Environment environment) {
  Shelf shelf(std::move(environment));
  auto txn = WriteTxn::begin(shelf.environment_);
  if (!txn) return std::move(txn).error();
  if (const int code = mdb_dbi_open(txn->handle(), nullptr, 0, &shelf.table_)) {
    return lmdb_error(code, "opening " + shelf.environment_.name());
  }
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

Result<std::uint64_t> Shelf::put_value(MDB_txn* txn, ByteView key, ByteView bytes, std::size_t value_bytes) const {
  MDB_val at{key.size(), const_cast<std::byte*>(key.data())};  // NOLINT: LMDB's C interface has no const
  MDB_val value{value_bytes, nullptr};
  std::uint64_t charge = charge_of_value(value_bytes);
  int code = mdb_put(txn, table_, &at, &value, MDB_RESERVE | MDB_NOOVERWRITE);
  if (code == MDB_KEYEXIST) {
    charge = 0;
    value = {value_bytes, nullptr};
    code = mdb_put(txn, table_, &at, &value, MDB_RESERVE);
  }
  if (code != 0) return lmdb_error(code, "writing a chunk");
  auto* to = static_cast<std::byte*>(value.mv_data);
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
