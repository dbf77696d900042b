// SPDX-License-Identifier: MIT
// The head of a client's request: parsed by Boost.Beast, then judged by rules of our own, which refuse everything two
// servers in a row could read differently (request smuggling) and everything over a named limit. Not the body
// (request_body.h), not what the request means (entrance.h). Pure.
//
// Refused with 400: bare CR or LF, NUL and other control bytes, folded fields, space before a colon, names or methods
// that are no token, a method over 32 bytes, spaces, '#' or bytes beyond ASCII in the target, a version that is none
// (505 for another than HTTP/1), no Host in 1.1, two Hosts, a malformed Host, a Host that is not the authority of an
// absolute-form or CONNECT target, Content-Length twice, signed, listed or overflowing, Content-Length beside
// Transfer-Encoding, Transfer-Encoding in which chunked is not last or stands twice (501 for another coding before it),
// Transfer-Encoding in 1.0, a target form that the method may not have. With 417: an expectation other than
// 100-continue. Limits (base/limits.h): target 414, fields and bytes of the head 431.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::proxy {

// Fields that decide something on a request's way through Larder. Which of them a head has is noted while it is read,
// so that no step need look through all of them.
enum class FieldName : std::uint8_t {
  authorization,
  cache_control,
  connection,
  content_length,
  expect,
  host,
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  max_forwards,
  pragma,
  proxy_authorization,
  range,
  // By which a request claims another host, URL or method than it has, such as X-Forwarded-Host. Origins heed them and
  // do not say so in Vary; an answer to such a request must not reach anybody else (cache poisoning).
  speaks_for_another,
  transfer_encoding,
  via,
  other
};
FieldName field_name(std::string_view name);  // in any letter case

struct Field {
  std::string_view name;   // as sent
  std::string_view value;  // without surrounding white space
};

// Views into the caller's buffer: valid until that changes.
struct RequestHead {
  std::string_view method;
  std::string_view target;
  int minor_version = 1;  // HTTP/1.0 or HTTP/1.1; a higher one is read as this
  std::vector<Field> fields;
  std::uint32_t said = 0;  // FieldNames among `fields`, a bit each
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool keep_alive = false;       // the client wants the connection kept
  bool expect_continue = false;  // 100 (Continue) is waited for; never in HTTP/1.0
  std::string_view host;         // the Host field, valid host[:port]; "" where none (1.0) or an empty one was sent

  void add(Field field) {
    said |= 1U << static_cast<unsigned>(field_name(field.name));
    fields.push_back(field);
  }
  // The first field of this name in any letter case; "" when there is none.
  std::string_view find(std::string_view name) const;
  bool has(std::string_view name) const;
  bool has(FieldName name) const { return (said >> static_cast<unsigned>(name) & 1U) != 0; }
  // Whether Connection makes fields of this name those of one connection (RFC 9110 7.6.1).
  bool nominates(std::string_view name) const;
  // The same head as views into a copy of the bytes `from` that it looks at.
  void look_at_copy(const char* from, const char* copy);
  // All fields of this name as one list, joined by ", " (RFC 9110 5.3).
  std::string joined(std::string_view name) const;
};

struct HeadRefusal {
  int status = 400;
  std::string reason;  // a sentence for the client and the log
};

// Parses one head after another from a buffer that grows. One connection each; not thread-safe.
class HeadParser {
 public:
  enum class State { incomplete, complete, refused };

  // `buffer` begins where the head begins and is what was given before, possibly moved, with more behind it. The end of
  // the head is looked for from where the last call stopped. One empty line before the request line is skipped (RFC
  // 9112 2.2). `head` is filled on `complete` only; its vector's capacity is reused.
  State parse(std::string_view buffer, RequestHead& head);

  // Bytes of the buffer that the complete head took, its last empty line included. The body begins behind them.
  std::size_t head_bytes() const { return head_bytes_; }

  // After `refused`; the connection must be closed after the answer.
  const HeadRefusal& refusal() const { return refusal_; }

  // Nothing has been given to it since the last reset().
  bool fresh() const { return scanned_ == 0 && head_bytes_ == 0; }

  // Ready for the next head.
  void reset();

 private:
  State find_end(std::string_view buffer);
  State over_limit(std::string_view buffer);
  State refuse(int status, std::string reason);

  std::size_t begin_ = 0;       // where the request line begins: 0, or 2 after an empty line
  std::size_t scanned_ = 0;     // no line ends before this that was not seen
  std::size_t line_begin_ = 0;  // of the line now being looked at
  std::size_t lines_ = 0;       // whole lines seen
  std::size_t head_bytes_ = 0;  // 0 until the end was found
  State state_ = State::incomplete;
  HeadRefusal refusal_;
};

}  // namespace larder::proxy
