// SPDX-License-Identifier: MIT
#include "proxy/request_body.h"

#include <algorithm>

#include "base/text.h"
#include "proxy/grammar.h"

namespace larder::proxy {
namespace {

constexpr std::size_t kSizeDigits = 15;      // 60 bits: more than any body that could be sent
constexpr std::size_t kLineBytes = 1024;     // a chunk's size with its extensions; real clients send none
constexpr std::size_t kTrailerBytes = 8192;  // all trailer fields together, which nobody reads
// Of all chunks together: a chunk of one byte with a long extension costs a thousand times what it brings.
constexpr std::size_t kExtensionBytes = 16 * 1024;

std::uint64_t hex_value(char c) {
  return static_cast<std::uint64_t>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
}

// The length of the quoted string that `text` begins with; 0 when it does not end.
std::size_t quoted_length(std::string_view text) {
  for (std::size_t at = 1; at < text.size(); ++at) {
    if (text[at] == '"') return at + 1;
    if (text[at] == '\\') ++at;
  }
  return 0;
}

// *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] ), RFC 9112 7.1.1.
bool are_extensions(std::string_view text) {
  while (!(text = trim(text)).empty()) {
    if (text.front() != ';') return false;
    text = trim(text.substr(1));
    const auto name_end = std::min(text.find_first_of(";= \t"), text.size());
    if (!is_token(text.substr(0, name_end))) return false;
    text = trim(text.substr(name_end));
    if (!text.starts_with('=')) continue;
    text = trim(text.substr(1));
    const bool quoted = text.starts_with('"');
    const auto value_end = quoted ? quoted_length(text) : std::min(text.find_first_of("; \t"), text.size());
    if (value_end == 0 || (!quoted && !is_token(text.substr(0, value_end)))) return false;
    text.remove_prefix(value_end);
  }
  return true;
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
  const auto behind = line.substr(digits);
  if (!behind.empty() && (trim(behind).empty() || !are_extensions(behind))) {
    return refuse("A chunk's size is no hexadecimal number, or its extension is malformed.");
  }
  extension_bytes_ += behind.size();
  if (extension_bytes_ > kExtensionBytes) return refuse("The extensions of the chunks are longer than 16 KiB.");
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
  const std::string_view line = line_;
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    refuse("The trailer of the chunked body is malformed.");
  }
}

void ChunkedBodyDecoder::refuse(const char* reason) {
  part_ = Part::refused;
  reason_ = reason;
}

}  // namespace larder::proxy
