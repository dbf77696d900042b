// SPDX-License-Identifier: MIT
// Arbitrary bytes as stored records: nothing but "no such record" may come of them, and what is decoded must encode to
// the same bytes. The first byte chooses the record; a check is put at the end so that the decoders behind it are
// reached.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "cache/record.h"

using namespace larder::cache;

namespace {

template <class Record>
void expect_same(const Record& record, const Bytes& bytes) {
  if (record != bytes) std::abort();
}

Bytes with_check(std::span<const std::byte> body) {
  Bytes bytes(body.begin(), body.end());
  const Bytes check = encode_number(check_of(body));
  bytes.insert(bytes.end(), check.begin(), check.end());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto body = std::as_bytes(std::span(data, size)).subspan(1);
  const Bytes checked = with_check(body);
  switch (data[0] % 5) {
    case 0:
      (void)decode_object(body);
      if (const auto object = decode_object(checked)) {
        const auto again = decode_object(*encode(*object));
        if (!again || again->url != object->url || again->fields != object->fields) std::abort();
      }
      break;
    case 1:
      (void)decode_extent(body);
      if (const auto extent = decode_extent(checked)) (void)decode_extent(encode(*extent));
      break;
    case 2:
      (void)decode_map_page(body);
      if (const auto page = decode_map_page(checked)) {
        if (!decode_map_page(encode(*page))) std::abort();
      }
      break;
    case 3:
      if (const auto blob = decode_blob(body)) expect_same(encode(*blob), Bytes(body.begin(), body.end()));
      break;
    default:
      (void)decode_number(body);
      (void)decode_extent_key(body);
      (void)decode_numbered_key(body);
  }
  return 0;
}
