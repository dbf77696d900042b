// SPDX-License-Identifier: MIT
// The stored form of one fetch record by itself, without the dictionary's ids: what the journal keeps.
//   u8      format, 1
//   u8      entrance (bits 0-3), answered (4-6), complete (7)
//   u8      kind (bits 0-1), evidence (2-3); bits 4-7 are 0
//   16 bytes: client address, IPv4 as IPv4-mapped IPv6
//   zigzag  time in microseconds since 1970
//   varint  duration in microseconds, status, object_bytes, bytes_asked, bytes_sent, bytes_from_origin
//   text    token, operating system, its version, url, product, version, build, the delta's from-version
//   varint  number of ranges, for each varint first byte, varint length
#pragma once

#include <optional>
#include <string_view>

#include "reports/ledger.h"
#include "reports/stored_bytes.h"

namespace larder::reports {

void encode_record(const FetchRecord& fetch, StoredWriter& out);
// Nothing when the bytes are not what encode_record writes.
std::optional<FetchRecord> decode_record(std::string_view bytes);

}  // namespace larder::reports
