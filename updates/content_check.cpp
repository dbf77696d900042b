// SPDX-License-Identifier: MIT
#include "updates/content_check.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace larder::updates {
namespace {

constexpr std::uint64_t kHeaderBytes = 28;
constexpr std::uint64_t kSha1Checksum = 1;

std::uint64_t big_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (const std::byte b : bytes) value = value << 8U | std::to_integer<std::uint64_t>(b);
  return value;
}

Error differs(const std::string& what) {
  return fail(ErrorKind::corrupt, what);
}

}  // namespace

// ---- SHA-1 ----

void Sha1::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha1::Sha1() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) != 1) std::abort();
}

void Sha1::update(std::span<const std::byte> bytes) {
  if (EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) != 1) std::abort();
}

Sha1Digest Sha1::finish() {
  Sha1Digest digest;
  if (EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.bytes.data()), nullptr) != 1) {
    std::abort();
  }
  return digest;
}

Sha1Digest Sha1::of(std::span<const std::byte> bytes) {
  Sha1 hash;
  hash.update(bytes);
  return hash.finish();
}

// ---- a XAR archive's head ----

Status ContentCheck::ArchiveHead::feed(std::span<const std::byte> bytes) {
  while (!bytes.empty() && part_ != Part::done) {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), length_ - taken_));
    if (part_ == Part::table) table_.update(bytes.first(taken));
    if (part_ == Part::header || part_ == Part::checksum) {
      std::copy_n(bytes.begin(), taken, kept_.begin() + static_cast<std::ptrdiff_t>(taken_));
    }
    taken_ += taken;
    bytes = bytes.subspan(taken);
    while (taken_ == length_ && part_ != Part::done) {
      if (auto status = part_done(); !status) return status;
    }
  }
  return ok();
}

// Goes on to the next part.
Status ContentCheck::ArchiveHead::part_done() {
  taken_ = 0;
  switch (part_) {
    case Part::header: {
      const std::span<const std::byte> header(kept_);
      constexpr std::uint64_t kMagic = 0x78617221;  // "xar!"
      if (big_endian(header.first(4)) != kMagic) return differs("it is no XAR archive, as its catalogue says it is");
      const std::uint64_t header_bytes = big_endian(header.subspan(4, 2));
      if (header_bytes < kHeaderBytes) return differs("its header is no XAR archive's");
      // The checksum of another kind than the catalogue's cannot be compared with it.
      const bool comparable = big_endian(header.subspan(24, 4)) == kSha1Checksum;
      part_ = comparable ? Part::rest_of_header : Part::done;
      length_ = header_bytes - kHeaderBytes;
      table_bytes_ = big_endian(header.subspan(8, 8));
      return ok();
    }
    case Part::rest_of_header:
      part_ = Part::table;
      length_ = table_bytes_;
      return ok();
    case Part::table: {
      const Sha1Digest found = table_.finish();
      if (found != expected_) {
        return differs("its table of contents has the SHA-1 " + found.hex() + ", not " + expected_.hex());
      }
      part_ = Part::checksum;
      length_ = Sha1Digest::kSize;
      return ok();
    }
    case Part::checksum:
      part_ = Part::done;
      if (!std::equal(expected_.bytes.begin(), expected_.bytes.end(), kept_.begin())) {
        return differs("it carries another checksum of its table of contents than " + expected_.hex());
      }
      return ok();
    case Part::done:
      return ok();
  }
  return ok();
}

Status ContentCheck::ArchiveHead::finish() const {
  return part_ == Part::done ? ok() : Status(differs("it ends inside its table of contents"));
}

// ---- all of it ----

ContentCheck::ContentCheck(PublishedPtr published, std::optional<ChunkList> chunks)
    : published_(std::move(published)), chunks_(std::move(chunks)) {
  if (published_->sha256) sha256_.emplace();
  if (published_->sha1) sha1_.emplace();
  if (published_->archive_head) head_.emplace(*published_->archive_head);
  if (chunks_) left_of_chunk_ = chunks_->chunks.front().size_bytes;
}

Status ContentCheck::feed_chunks(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (next_chunk_ == chunks_->chunks.size()) return differs("it goes on behind the last chunk of its list");
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), left_of_chunk_));
    chunk_.update(bytes.first(taken));
    bytes = bytes.subspan(taken);
    left_of_chunk_ -= taken;
    if (left_of_chunk_ > 0) continue;
    const Digest found = chunk_.finish();
    chunk_ = Sha256();
    const ListedChunk& listed = chunks_->chunks[next_chunk_++];
    if (found != listed.sha256) {
      return differs("chunk " + std::to_string(next_chunk_) + " of its list has the SHA-256 " + found.hex() + ", not " +
                     listed.sha256.hex());
    }
    if (next_chunk_ < chunks_->chunks.size()) left_of_chunk_ = chunks_->chunks[next_chunk_].size_bytes;
  }
  return ok();
}

Status ContentCheck::feed(std::span<const std::byte> bytes) {
  size_bytes_ += bytes.size();
  if (head_) {
    if (auto status = head_->feed(bytes); !status) return status;
  }
  if (chunks_) {
    if (auto status = feed_chunks(bytes); !status) return status;
  }
  if (sha256_) sha256_->update(bytes);
  if (sha1_) sha1_->update(bytes);
  return ok();
}

Status ContentCheck::finish() {
  if (published_->size_bytes && *published_->size_bytes != size_bytes_) {
    return differs("it has " + std::to_string(size_bytes_) + " bytes, not " + std::to_string(*published_->size_bytes));
  }
  if (chunks_ && next_chunk_ < chunks_->chunks.size()) return differs("it ends before the last chunk of its list");
  if (head_) {
    if (auto status = head_->finish(); !status) return status;
  }
  if (sha256_) {
    const Digest found = sha256_->finish();
    if (found != *published_->sha256) {
      return differs("it has the SHA-256 " + found.hex() + ", not " + published_->sha256->hex());
    }
  }
  if (sha1_) {
    const Sha1Digest found = sha1_->finish();
    if (found != *published_->sha1) {
      return differs("it has the SHA-1 " + found.hex() + ", not " + published_->sha1->hex());
    }
  }
  return ok();
}

}  // namespace larder::updates
