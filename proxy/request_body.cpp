// SPDX-License-Identifier: MIT
#include "proxy/request_body.h"

#include <algorithm>

#include "base/text.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kSizeDigits = 15;      // 60 bits: more than any body that could be sent
constexpr std::size_t kLineBytes = 1024;     // a chunk's size with its extensions; real clients send none
constexpr std::size_t kTrailerBytes = 8192;  // all trailer fields together, which nobody reads

std::uint64_t hex_value(char c) {
  return static_cast<std::uint64_t>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7F;
}

}  // namespace

ChunkedBodyDecoder::State ChunkedBodyDecoder::feed(std::string_view in, std::string& out) {
  used_ = 0;
  while (used_ < in.size() && part_ != Part::complete && part_ != Part::refused) {
    if (part_ == Part::data) {
      const auto take = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - used_));
      out.append(in, used_, take);
      used_ += take;
      left_ -= take;
      body_bytes_ += take;
      if (left_ == 0) part_ = Part::data_cr;
      continue;
    }
    const char c = in[used_++];
    if (part_ == Part::data_cr || part_ == Part::data_lf) {
      take_data_end(c);
    } else {
      take_line_byte(c);
    }
  }
  if (part_ == Part::complete) return State::complete;
  return part_ == Part::refused ? State::refused : State::incomplete;
}

void ChunkedBodyDecoder::take_data_end(char c) {
  if (c != (part_ == Part::data_cr ? '\r' : '\n')) return refuse("A chunk is longer than it said.");
  part_ = part_ == Part::data_cr ? Part::data_lf : Part::size_line;
}

void ChunkedBodyDecoder::take_line_byte(char c) {
  if (line_cr_) {
    line_cr_ = false;
    if (c != '\n') return refuse("A line of the chunked body has a CR that does not end it.");
    part_ == Part::size_line ? end_size_line() : end_trailer_line();
    line_.clear();
    return;
  }
  if (c == '\r') {
    line_cr_ = true;
    return;
  }
  if (is_control(c)) return refuse("A line of the chunked body has a control byte in it or ends without CR.");
  if (line_.size() >= kLineBytes) return refuse("A line of the chunked body is longer than 1 KiB.");
  line_ += c;
}

void ChunkedBodyDecoder::end_size_line() {
  const std::string_view line = line_;
  std::size_t digits = 0;
  while (digits < line.size() && is_hex_digit(line[digits])) ++digits;
  if (digits == 0 || digits > kSizeDigits) return refuse("A chunk's size is no hexadecimal number.");
  // Behind the size only an extension may follow; white space before it is bad but allowed (RFC 9112 7.1.1).
  const auto behind = trim(line.substr(digits));
  if (digits < line.size() && !behind.starts_with(';')) return refuse("A chunk's size is no hexadecimal number.");
  left_ = 0;
  for (const char c : line.substr(0, digits)) left_ = left_ * 16 + hex_value(c);
  part_ = left_ == 0 ? Part::trailer_line : Part::data;
}

void ChunkedBodyDecoder::end_trailer_line() {
  if (line_.empty()) {
    part_ = Part::complete;
    return;
  }
  trailer_bytes_ += line_.size();
  if (trailer_bytes_ > kTrailerBytes) return refuse("The trailer of the chunked body is longer than 8 KiB.");
  if (line_.find(':') == std::string::npos || line_.front() == ':' || line_.front() == ' ' || line_.front() == '\t') {
    refuse("The trailer of the chunked body is malformed.");
  }
}

void ChunkedBodyDecoder::refuse(const char* reason) {
  part_ = Part::refused;
  reason_ = reason;
}

}  // namespace larder::proxy
