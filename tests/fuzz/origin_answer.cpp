// SPDX-License-Identifier: MIT
// Any bytes as an origin's answer, head and chunked body, line by line as libcurl gives them: what is accepted keeps
// the promises of OriginHead, nothing of it can break the head a client is sent, and a body decodes alike whole and in
// pieces.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "proxy/grammar.h"
#include "proxy/request_body.h"
#include "proxy/response_head.h"

using namespace larder::proxy;
using larder::equals_ignoring_case;
using State = OriginHead::State;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_field(const std::string& name, const std::string& value) {
  require(is_token(name));
  for (const char c : value) require(!is_control(c));
}

void check_written(const OriginAnswer& answer) {
  ClientAnswer client;
  client.status = answer.status;
  client.etag = answer.validators.etag;
  client.last_modified = answer.validators.last_modified;
  client.fields = &answer.kept;
  client.content_length = 7;
  std::string head;
  write_response_head(client, "Mon, 17 Aug 2026 15:04:05 GMT", head);
  std::size_t lengths = 0;
  std::size_t lines = 0;
  for (std::size_t at = 0; at < head.size();) {
    const auto end = head.find("\r\n", at);
    require(end != std::string::npos);
    const std::string_view line = std::string_view(head).substr(at, end - at);
    require(line.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos);
    require(!line.empty() || end + 2 == head.size());
    if (equals_ignoring_case(line.substr(0, 15), "Content-Length:")) ++lengths;
    require(!equals_ignoring_case(line.substr(0, 18), "Transfer-Encoding:"));
    at = end + 2;
    ++lines;
  }
  require(lengths == 1 && lines <= larder::limits::kHeadFields + 8);
}

void check_answer(const OriginAnswer& answer) {
  require(answer.status >= 100 && answer.status <= 599 && answer.status != 101);
  require(answer.received.size() <= larder::limits::kHeadFields);
  require(!(answer.chunked && answer.content_length) && !(answer.chunked && answer.protocol != "1.1"));
  for (const auto& [name, value] : answer.received) check_field(name, value);
  for (const auto& [name, value] : answer.kept) check_field(name, value);
  if (answer.content_range && answer.content_range->satisfied) {
    require(answer.content_range->first < answer.content_range->end);
  }
  check_written(answer);
}

void check_body(std::string_view body) {
  ChunkedBodyDecoder whole;
  ChunkedBodyDecoder pieces;
  std::string once;
  std::string twice;
  const auto state = whole.feed(body, once);
  auto other = ChunkedBodyDecoder::State::incomplete;
  for (std::size_t at = 0; at < body.size() && other == ChunkedBodyDecoder::State::incomplete; at += 3) {
    other = pieces.feed(body.substr(at, 3), twice);
  }
  require(state == other && once == twice && once.size() <= body.size() && once.size() == whole.body_bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  OriginHead head;
  bool final_head = false;
  while (!text.empty() && !final_head) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
    text.remove_prefix(line.size());
    const auto state = head.add_line(line);
    if (state == State::refused) {
      require(!head.reason().empty() && head.add_line("HTTP/1.1 200 OK\r\n") == State::refused);
      return 0;
    }
    if (state != State::complete) continue;
    check_answer(head.answer());
    final_head = head.answer().status >= 200;
  }
  if (final_head && head.answer().chunked) check_body(text);
  return 0;
}
