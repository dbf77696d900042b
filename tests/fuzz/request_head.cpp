// SPDX-License-Identifier: MIT
// Any bytes as a request head, whole and byte by byte: both ways must agree, what is accepted must keep the promises of
// request_head.h, and what follows as a chunked body must decode alike in one piece and in two.
#include "proxy/request_head.h"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "proxy/authority.h"
#include "proxy/request_body.h"

using namespace larder::proxy;
using State = HeadParser::State;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_promises(const RequestHead& head, std::size_t head_bytes) {
  require(head_bytes <= larder::limits::kHeadBytes + 2);
  require(head.target.size() <= larder::limits::kTargetBytes && !head.target.empty());
  require(head.fields.size() <= larder::limits::kHeadFields);
  require(head.target.find_first_of(" \t\r\n#") == std::string_view::npos);
  require(!(head.chunked && head.content_length));
  require(head.host.empty() || is_authority(head.host));
  require(head.minor_version == 0 || head.has("Host"));
  for (const auto& field : head.fields) {
    require(!field.name.empty());
    for (const char c : field.value) require(static_cast<unsigned char>(c) >= 0x20 || c == '\t');
  }
}

void check_body(std::string_view body) {
  ChunkedBodyDecoder whole;
  ChunkedBodyDecoder halves;
  std::string once;
  std::string twice;
  const auto state = whole.feed(body, once);
  const auto half = body.size() / 2;
  auto other = halves.feed(body.substr(0, half), twice);
  if (other == ChunkedBodyDecoder::State::incomplete) other = halves.feed(body.substr(half), twice);
  require(state == other && once == twice);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  HeadParser whole;
  RequestHead head;
  const auto state = whole.parse(text, head);
  if (state == State::complete) check_promises(head, whole.head_bytes());
  if (state == State::refused) require(whole.refusal().status >= 400 && !whole.refusal().reason.empty());

  HeadParser slow;
  RequestHead again;
  auto other = State::incomplete;
  for (std::size_t have = 0; have <= size && other == State::incomplete; ++have) {
    other = slow.parse(std::string_view(text).substr(0, have), again);
  }
  require(other == state);
  if (state != State::complete) return 0;
  require(slow.head_bytes() == whole.head_bytes() && again.target == head.target);
  check_body(std::string_view(text).substr(whole.head_bytes()));
  return 0;
}
