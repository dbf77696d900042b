// SPDX-License-Identifier: MIT
#include "reports/record_format.h"

#include <algorithm>
#include <limits>

namespace larder::reports {
namespace {

constexpr std::uint8_t kFormat = 2;

template <class Enum>
bool take_bits(std::uint8_t bits, Enum last, Enum& out) {
  out = static_cast<Enum>(bits);
  return bits <= static_cast<std::uint8_t>(last);
}

}  // namespace

void encode_record(const FetchRecord& fetch, StoredWriter& out) {
  const FetchSubject& subject = *fetch.subject;
  out.u8(kFormat);
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(fetch.entrance) | static_cast<unsigned>(fetch.answered) << 4U |
                                   (fetch.complete ? 0x80U : 0U)));
  out.u8(static_cast<std::uint8_t>(static_cast<unsigned>(fetch.subject->kind) | static_cast<unsigned>(fetch.token_from)
                                                                                    << 2U));
  out.raw({reinterpret_cast<const char*>(fetch.client.bytes.data()), fetch.client.bytes.size()});
  out.zigzag(fetch.time.time_since_epoch().count());
  out.varint(static_cast<std::uint64_t>(fetch.duration.count()));
  out.varint(static_cast<std::uint64_t>(fetch.status));
  for (const std::uint64_t bytes : {fetch.object_bytes, fetch.bytes_asked, fetch.bytes_sent, fetch.bytes_from_origin}) {
    out.varint(bytes);
  }
  for (const std::string* text :
       {&fetch.token, &fetch.system.os, &fetch.system.version, &fetch.system.build, &subject.url, &subject.product,
        &subject.version, &subject.build, &subject.from_version}) {
    out.text(*text);
  }
  out.u8(static_cast<std::uint8_t>(fetch.system.evidence));
  out.varint(fetch.sent_ranges.size());
  for (const auto& [first, end] : fetch.sent_ranges) {
    out.varint(first);
    out.varint(end - first);
  }
}

std::optional<FetchRecord> decode_record(std::string_view bytes) {
  StoredReader in(bytes);
  FetchRecord fetch;
  FetchSubject subject;
  if (in.u8() != kFormat) return std::nullopt;
  const std::uint8_t how = in.u8();
  const std::uint8_t what = in.u8();
  fetch.complete = (how & 0x80U) != 0;
  if (!take_bits(how & 0x0FU, Entrance::own, fetch.entrance) ||
      !take_bits((how >> 4U) & 0x07U, Answered::failed, fetch.answered) ||
      !take_bits(what & 0x03U, FileKind::other, subject.kind) ||
      !take_bits(what >> 2U, DeviceEvidence::address, fetch.token_from)) {
    return std::nullopt;
  }
  const std::string_view address = in.raw(fetch.client.bytes.size());
  if (!in.ok()) return std::nullopt;
  std::ranges::transform(address, fetch.client.bytes.begin(), [](char c) { return static_cast<std::uint8_t>(c); });
  fetch.time = WallTime(std::chrono::microseconds(in.zigzag()));
  fetch.duration = std::chrono::microseconds(static_cast<std::int64_t>(in.varint()));
  fetch.status = static_cast<int>(in.varint32());
  for (std::uint64_t* number : {&fetch.object_bytes, &fetch.bytes_asked, &fetch.bytes_sent, &fetch.bytes_from_origin}) {
    *number = in.varint();
  }
  for (std::string* text : {&fetch.token, &fetch.system.os, &fetch.system.version, &fetch.system.build, &subject.url,
                            &subject.product, &subject.version, &subject.build, &subject.from_version}) {
    *text = in.text();
  }
  if (!take_bits(in.u8(), SystemEvidence::delta, fetch.system.evidence)) return std::nullopt;
  const std::uint64_t ranges = in.varint();
  for (std::uint64_t i = 0; i < ranges && in.ok(); ++i) {
    const std::uint64_t first = in.varint();
    const std::uint64_t length = in.varint();
    if (length > std::numeric_limits<std::uint64_t>::max() - first) return std::nullopt;
    fetch.sent_ranges.emplace_back(first, first + length);
  }
  if (!in.done()) return std::nullopt;
  fetch.subject = SharedSubject(std::move(subject));
  return fetch;
}

}  // namespace larder::reports
