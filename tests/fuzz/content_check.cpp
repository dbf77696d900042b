// SPDX-License-Identifier: MIT
// Any bytes as a file that is checked as an archive, by its digests and by a list of its chunks. How it is cut into
// pieces (the first byte) must not matter, and its own digests must fit it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "updates/content_check.h"

using namespace larder;
using namespace larder::updates;

namespace {

bool passes(const Published& published, const std::optional<ChunkList>& chunks, std::span<const std::byte> bytes,
            std::size_t step) {
  ContentCheck check(std::make_shared<const Published>(published), chunks);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min(step, bytes.size()))) {
    if (!check.feed(bytes.first(std::min(step, bytes.size())))) return false;
  }
  return static_cast<bool>(check.finish());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = data[0] + 1U;
  const auto bytes = std::as_bytes(std::span(data, size).subspan(1));
  Published own;
  own.size_bytes = bytes.size();
  own.sha256 = Sha256::of(bytes);
  own.sha1 = Sha1::of(bytes);
  const std::size_t half = (bytes.size() + 1) / 2;
  ChunkList list{{{static_cast<std::uint32_t>(half), Sha256::of(bytes.first(half))}}, bytes.size()};
  const auto rest = bytes.subspan(half);
  if (!rest.empty()) list.chunks.push_back({static_cast<std::uint32_t>(rest.size()), Sha256::of(rest)});
  if (!passes(own, list, bytes, step)) std::abort();
  if (passes(own, list, bytes.first(bytes.size() - 1), step)) std::abort();
  Published archive;
  archive.archive_head = bytes.size() > 45 ? Sha1::of(bytes.subspan(28, 17)) : Sha1Digest{};
  if (passes(archive, {}, bytes, step) != passes(archive, {}, bytes, bytes.size())) std::abort();
  return 0;
}
