// SPDX-License-Identifier: MIT
// The Reader of reader.h, as pagers use it too.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "cache/reader.h"
#include "cache/store_environments.h"

namespace larder::cache {

class StoreReader final : public Reader {
 public:
  explicit StoreReader(std::shared_ptr<StoreEnvironments> environments)
      : environments_(std::move(environments)), recent_(kRecent), seen_(kSeen) {}

  ObjectPtr find(std::string_view url) override;
  ChunkMap held(ExtentId extent, std::uint64_t size_bytes) override;
  ChunkState read(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes, const Visit& visit) override;
  ChunkState read_now(ExtentId extent, ChunkIndex chunk, std::uint64_t size_bytes, const Visit& visit) override;
  Listing list(std::string_view cursor, std::size_t limit) override;

  // Starts bringing in this chunk and the next ones; waits for none.
  void ask_for_chunks(ExtentId extent, ChunkIndex first, std::uint32_t count, std::uint64_t size_bytes);

 private:
  // A looked-up URL, and the epoch in which that was so. Objects that are not there are remembered as well.
  struct Recent {
    std::uint64_t epoch = 0;
    std::string url;
    ObjectPtr object;
  };
  static constexpr std::size_t kRecent = 4096;

  // A transaction live for one call: made at the first, renewed at each, reset at its end.
  class Turn {
   public:
    Turn(std::optional<ReadTxn>& txn, const Environment& environment);
    ~Turn();
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    explicit operator bool() const { return live_; }
    MDB_txn* handle() const { return txn_->handle(); }

   private:
    std::optional<ReadTxn>& txn_;
    bool live_ = false;
  };

  // A chunk seen in memory is taken to be there for this long: asking the kernel costs a tenth of a 4 KiB hit, and more
  // of a large chunk sent in many small turns. A page that goes within it costs one fault.
  static constexpr std::int64_t kSeenForMs = 500;
  struct Seen {
    ExtentId extent;
    ChunkIndex chunk;
    std::int64_t until_ms = 0;
  };
  static constexpr std::size_t kSeen = 4096;

  ObjectPtr look_up(std::string_view url);
  bool seen_in_memory(ExtentId extent, ChunkIndex chunk, const ChunkView& bytes);
  std::optional<ReadTxn>& txn_of(std::uint64_t size_bytes) { return is_small(size_bytes) ? small_ : chunks_; }

  std::shared_ptr<StoreEnvironments> environments_;  // first: the transactions go before it
  std::optional<ReadTxn> index_;
  std::optional<ReadTxn> chunks_;
  std::optional<ReadTxn> small_;
  std::vector<Recent> recent_;
  std::vector<Seen> seen_;
};

}  // namespace larder::cache
