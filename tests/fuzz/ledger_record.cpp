// SPDX-License-Identifier: MIT
// Stored records of any bytes: decoding never reads beyond them, and what it accepts is written the same way again.
// The first byte chooses the record; a fetch has its 12 bytes of key first.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "reports/dictionary.h"
#include "reports/page_cursor.h"
#include "reports/record_format.h"
#include "reports/rollup_format.h"

namespace {

using namespace larder::reports;  // NOLINT(google-build-using-namespace): a program of one page

void expect(bool holds) {
  if (!holds) std::abort();
}

void fetch(std::string_view bytes) {
  const auto key = FetchKey::from(bytes.substr(0, 12));
  const auto decoded = key ? decode_fetch(*key, bytes.substr(12)) : std::nullopt;
  if (!decoded) return;
  StoredWriter out;
  encode_fetch(*key, *decoded, out);
  expect(decode_fetch(*key, out.view()) == decoded);
}

void record(std::string_view bytes) {
  const auto decoded = decode_record(bytes);
  if (!decoded) return;
  StoredWriter out;
  encode_record(*decoded, out);
  const auto again = decode_record(out.view());
  expect(again && again->subject->url == decoded->subject->url && again->time == decoded->time &&
         again->sent_ranges == decoded->sent_ranges);
}

template <class Row>
void row(std::string_view bytes, std::uint64_t base_us) {
  Row decoded;
  if (!decode_row(bytes, base_us, decoded)) return;
  StoredWriter out;
  encode_row(decoded, base_us, out);
  Row again;
  decode_row(out.view(), base_us, again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::string_view bytes = input.substr(1);
  switch (data[0] % 9) {
    case 0:
      fetch(bytes);
      break;
    case 1:
      row<Tally>(bytes, 5 * kHourUs);
      break;
    case 2:
      row<Holding>(bytes, 0);
      break;
    case 3:
      row<Coverage>(bytes, 0);
      break;
    case 4:
      row<VersionCounts>(bytes, 0);
      break;
    case 5:
      row<DeviceState>(bytes, 0);
      break;
    case 6:
      expect(Release::from(Release::from(bytes).text()).product == Release::from(bytes).product);
      break;
    case 8:
      record(bytes);
      break;
    default:
      static_cast<void>(decode_page_cursor(bytes));
      if (bytes.size() < 2000) expect(decode_page_cursor(encode_page_cursor(bytes)).value() == bytes);
      entrance_of(bytes);
      word_at(bytes, 2);
  }
  return 0;
}
