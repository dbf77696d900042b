// SPDX-License-Identifier: MIT
// Any bytes as a kept record, with its digest mended so that the lines are reached, and as a bundle.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "updates/mau_record.h"

using namespace larder;
using namespace larder::updates;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(read_mau_bundle(bytes));
  if (read_mau_record(bytes)) return 0;
  const Digest digest = Sha256::of(std::as_bytes(std::span(bytes)));
  bytes.append(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
  const auto read = read_mau_record(bytes);
  if (!read) return 0;
  const std::string written = write_mau_record(*read);
  const auto again = read_mau_record(written);
  if (!again || write_mau_record(*again) != written) std::abort();
  return 0;
}
