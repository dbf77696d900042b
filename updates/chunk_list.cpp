// SPDX-License-Identifier: MIT
#include "updates/chunk_list.h"

#include <algorithm>
#include <string_view>

namespace larder::updates {
namespace {

constexpr std::size_t kHeaderBytes = 36;
constexpr std::size_t kChunkBytes = 4 + Digest::kSize;
constexpr unsigned kSignedByDigest = 2;

Error bad(std::string_view why) {
  return fail(ErrorKind::invalid, std::string("reading a list of chunks: ").append(why));
}

std::uint64_t little_endian(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (auto at = bytes.rbegin(); at != bytes.rend(); ++at) value = value << 8U | std::to_integer<std::uint64_t>(*at);
  return value;
}

Digest digest_at(std::span<const std::byte> bytes) {
  Digest digest;
  std::copy_n(bytes.begin(), Digest::kSize, digest.bytes.begin());
  return digest;
}

struct Header {
  unsigned version = 0;
  unsigned chunk_method = 0;
  unsigned signature_method = 0;
  std::uint64_t count = 0;
  std::uint64_t chunks_at = 0;
  std::uint64_t signature_at = 0;
};

Header read_header(std::span<const std::byte> bytes) {
  Header header;
  header.version = std::to_integer<unsigned>(bytes[8]);
  header.chunk_method = std::to_integer<unsigned>(bytes[9]);
  header.signature_method = std::to_integer<unsigned>(bytes[10]);
  header.count = little_endian(bytes.subspan(12, 8));
  header.chunks_at = little_endian(bytes.subspan(20, 8));
  header.signature_at = little_endian(bytes.subspan(28, 8));
  return header;
}

}  // namespace

Result<ChunkList> read_chunk_list(std::span<const std::byte> document) {
  constexpr std::string_view kMagic = "CNKL";
  if (document.size() > ChunkList::kBytes) return bad("it is longer than any");
  const bool begins =
      document.size() >= kHeaderBytes && std::equal(kMagic.begin(), kMagic.end(), document.begin(),
                                                    [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
  if (!begins) return bad("it does not begin as one");
  const Header header = read_header(document);
  if (header.version != 1 || header.chunk_method != 1) return bad("it is of a version that is not known");
  if (header.count == 0 || header.count > ChunkList::kChunks) return bad("it has no chunks, or more than any file");
  if (header.chunks_at < kHeaderBytes || header.chunks_at > document.size() ||
      (document.size() - header.chunks_at) / kChunkBytes < header.count) {
    return bad("it ends before its last chunk");
  }
  const std::uint64_t end = header.chunks_at + header.count * kChunkBytes;
  if (header.signature_at < end || header.signature_at > document.size()) return bad("its signature is misplaced");
  if (header.signature_method == kSignedByDigest) {
    const auto signature = document.subspan(header.signature_at);
    if (signature.size() < Digest::kSize || Sha256::of(document.first(header.signature_at)) != digest_at(signature)) {
      return bad("it has not the SHA-256 it gives for itself");
    }
  }
  ChunkList list;
  list.chunks.reserve(header.count);
  for (std::uint64_t at = header.chunks_at; at < end; at += kChunkBytes) {
    const auto size = static_cast<std::uint32_t>(little_endian(document.subspan(at, 4)));
    if (size == 0) return bad("one of its chunks is empty");
    list.chunks.push_back({size, digest_at(document.subspan(at + 4))});
    list.size_bytes += size;
  }
  return list;
}

}  // namespace larder::updates
