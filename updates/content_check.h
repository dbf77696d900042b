// SPDX-License-Identifier: MIT
// ContentCheck: is fed a file's bytes, in order, and says at the earliest byte it can that they are not what was
// published. Checks what there is to check: chunk list, SHA-256, SHA-1, and the checksum of an archive's table of
// contents; sizes with each of them.
// Pure; used by one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "updates/chunk_list.h"
#include "updates/published.h"

struct evp_md_ctx_st;

namespace larder::updates {

class Sha1 {
 public:
  Sha1();
  void update(std::span<const std::byte> bytes);
  Sha1Digest finish();  // once; the object is spent afterwards
  static Sha1Digest of(std::span<const std::byte> bytes);

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

class ContentCheck {
 public:
  // `chunks`: the list that published.chunk_list names, where it could be had.
  ContentCheck(PublishedPtr published, std::optional<ChunkList> chunks);

  // Fails with corrupt, saying what differs. After that, and after finish, the object is spent.
  Status feed(std::span<const std::byte> bytes);
  // The file has ended.
  Status finish();

 private:
  // A XAR archive: 28 bytes of header, big-endian ("xar!", u16 its size, u16 version 1, u64 packed and u64 unpacked
  // size of the table of contents, u32 kind of checksum, 1 for SHA-1), the packed table, then a heap that begins with
  // the table's checksum.
  class ArchiveHead {
   public:
    explicit ArchiveHead(const Sha1Digest& expected) : expected_(expected) {}
    Status feed(std::span<const std::byte> bytes);
    Status finish() const;

   private:
    enum class Part { header, rest_of_header, table, checksum, done };
    Status part_done();

    Sha1Digest expected_;
    Part part_ = Part::header;
    std::array<std::byte, 28> kept_{};  // of the header or the checksum
    std::uint64_t taken_ = 0;           // of this part
    std::uint64_t length_ = 28;         // of this part
    std::uint64_t table_bytes_ = 0;
    Sha1 table_;
  };

  Status feed_chunks(std::span<const std::byte> bytes);

  PublishedPtr published_;
  std::optional<ChunkList> chunks_;
  std::uint64_t size_bytes_ = 0;
  std::optional<Sha256> sha256_;
  std::optional<Sha1> sha1_;
  std::optional<ArchiveHead> head_;
  Sha256 chunk_;  // of the chunk that is being fed
  std::size_t next_chunk_ = 0;
  std::uint64_t left_of_chunk_ = 0;
};

}  // namespace larder::updates
