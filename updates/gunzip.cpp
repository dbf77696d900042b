// SPDX-License-Identifier: MIT
#include "updates/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

namespace larder::updates {
namespace {

struct EndInflate {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

constexpr int kGzipWindow = 15 + 16;  // the largest window, and a gzip header is demanded

}  // namespace

bool is_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && bytes[0] == std::byte{0x1F} && bytes[1] == std::byte{0x8B};
}

Result<std::string> gunzip(std::span<const std::byte> bytes, std::size_t most) {
  if (bytes.size() > std::numeric_limits<uInt>::max()) return fail(ErrorKind::too_large, "unpacking gzip: too large");
  z_stream stream{};
  if (inflateInit2(&stream, kGzipWindow) != Z_OK)
    return fail(ErrorKind::internal, "unpacking gzip: zlib did not start");
  const std::unique_ptr<z_stream, EndInflate> ended(&stream);
  // zlib reads its input and never writes it; its pointer is not const for old callers' sake.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());

  std::string unpacked;
  std::array<char, 65536> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): zlib fills it
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    const int status = inflate(&stream, Z_NO_FLUSH);
    unpacked.append(piece.data(), piece.size() - stream.avail_out);
    if (unpacked.size() > most) return fail(ErrorKind::too_large, "unpacking gzip: it grows beyond what is allowed");
    if (status == Z_STREAM_END) return unpacked;
    if (status != Z_OK) return fail(ErrorKind::invalid, "unpacking gzip: the bytes are damaged or end early");
  }
}

}  // namespace larder::updates
