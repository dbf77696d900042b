// SPDX-License-Identifier: MIT
// Chunked bodies (RFC 9112 7.1) of clients and of origins, decoded strictly: sizes are hexadecimal digits and nothing
// else, every line ends in CRLF, extensions and trailers must be well-formed, are bounded and dropped. What is refused
// here is what servers are known to read differently ("0x5", "+5", bare LF, a chunk longer than it said). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace larder::proxy {

// One body. Not thread-safe.
class ChunkedBodyDecoder {
 public:
  enum class State { incomplete, complete, refused };

  // Takes what it can of `in` and appends body bytes to `out`. After `complete`, used() tells how many bytes of the
  // last `in` belonged to the body; the rest is the next request.
  State feed(std::string_view in, std::string& out);

  std::size_t used() const { return used_; }
  std::uint64_t body_bytes() const { return body_bytes_; }  // decoded so far, for the caller's own limit
  const std::string& reason() const { return reason_; }     // after refused: answer 400 and close

 private:
  enum class Part { size_line, data, data_cr, data_lf, trailer_line, complete, refused };

  void take_line_byte(char c);
  void end_size_line();
  void end_trailer_line();
  void take_data_end(char c);
  void refuse(const char* reason);

  Part part_ = Part::size_line;
  std::string line_;
  bool line_cr_ = false;
  std::uint64_t left_ = 0;  // data bytes of this chunk still to come
  std::uint64_t body_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
  std::size_t used_ = 0;
  std::string reason_;
};

}  // namespace larder::proxy
