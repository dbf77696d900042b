// SPDX-License-Identifier: MIT
// The two heads of an answer: what the origin said, cleaned for keeping, and what the client is told, written fast.
// Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "cache/freshness.h"
#include "cache/object.h"

namespace larder::proxy {

// "bytes first-last/size", "bytes first-last/*", "bytes */size".
struct ContentRange {
  bool satisfied = false;  // false: "bytes */size" of a 416
  std::uint64_t first = 0;
  std::uint64_t end = 0;                    // one past the last byte
  std::optional<std::uint64_t> size_bytes;  // of the whole; nothing: unknown
  bool operator==(const ContentRange&) const = default;
};
std::optional<ContentRange> parse_content_range(std::string_view value);

// What an origin answered. Owns its text.
struct OriginAnswer {
  int status = 0;
  std::string_view protocol;  // "1.0", "1.1" or "2.0", as Via says it
  cache::Fields received;     // every field as it came: what cache::freshness_of is asked with
  // What may be kept and sent on: end-to-end fields in their order, without those that have a place of their own here
  // or that Larder says itself (Age, Accept-Ranges), without promises of other connections (Alt-Svc) and
  // without what is of one part only (Content-Digest of a 206). Via is there, with Larder's own entry, when it says
  // more than that one would; Date, if it is one.
  cache::Fields kept;
  // End-to-end fields that are one client's or a browser's business (cookies, Strict-Transport-Security): kept of hosts
  // that are cached as RFC 9111 says, dropped of updates.
  cache::Fields personal;
  // Fields that Cache-Control names (private="x", no-cache="x"): for whoever asked, never stored.
  cache::Fields withheld;
  std::optional<std::uint64_t> content_length;  // of this message's body
  bool chunked = false;                         // Transfer-Encoding: chunked; the body is to be decoded
  std::optional<ContentRange> content_range;
  cache::Validators validators;  // a malformed ETag counts as none
  std::string location;
  std::string content_encoding;  // "" for none and identity
};

// Takes an answer's head line by line, as libcurl gives it, and trusts the origin no more than a client is trusted
// (request_head.h): what two readers could understand differently is refused, and becomes a 502. Behind an interim
// answer (1xx) the next status line begins anew. Limits: limits::kHeadFields, kHeadBytes, kInterimAnswers.
class OriginHead {
 public:
  enum class State { incomplete, complete, refused };

  // One line with its line ending; the empty line completes the head. Refused: over a limit; a line that does not end
  // in CRLF, is folded, has control bytes or a name that is no token; a status line that is malformed, of a version
  // other than 1.0, 1.1 and 2, with a status outside 100 to 599, 101, or in the middle of a head; Content-Length that
  // is malformed, given twice with different values or beside Transfer-Encoding; Transfer-Encoding other than one
  // "chunked" (RFC 9112 6.1), in an answer that has no body, or outside HTTP/1.1; other fields that may stand once
  // given twice with different values; a 206 without a well-formed Content-Range that is not of several parts.
  State add_line(std::string_view line);

  const OriginAnswer& answer() const { return answer_; }  // after complete
  OriginAnswer take() { return std::move(answer_); }
  const std::string& reason() const { return reason_; }  // after refused

 private:
  State begin(std::string_view status_line);
  State add_field(std::string_view line);
  State finish();
  bool frame();
  bool keep();
  State refuse(std::string reason);

  OriginAnswer answer_;
  State state_ = State::incomplete;
  bool begun_ = false;
  std::size_t bytes_ = 0;    // of this head
  std::size_t interim_ = 0;  // interim answers so far
  std::string reason_;
};

// The Date field's value, made once a second. One thread's.
class HttpDate {
 public:
  std::string_view at(WallTime now);

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

// What a client is told. Views: valid while it is written. What is left empty is not written.
struct ClientAnswer {
  enum class Connection { unsaid, close, keep_alive };

  int status = 200;
  std::string_view etag;
  std::string_view last_modified;
  const cache::Fields* fields = nullptr;  // kept fields of the object; a 304 leaves out its Content-* fields
  bool other_content = false;             // than `fields` came with: a part of it, or none
  std::string_view content_type;          // in place of the one in `fields`
  std::optional<std::uint64_t> content_length;
  std::string_view content_range;  // see range.h
  bool accept_ranges = false;      // Accept-Ranges: bytes
  std::optional<std::chrono::seconds> age;
  std::string_view cache_status;   // RFC 9211 behind "larder; ": "hit", "fwd=miss; collapsed"
  const Digest* digest = nullptr;  // Repr-Digest
  bool chunked = false;            // Transfer-Encoding: chunked
  Connection connection = Connection::unsaid;
  const std::vector<std::pair<std::string, std::string>>* extra = nullptr;  // written last, as they are
};

// What changes from one answer of the same bytes to the next.
struct AnswerOpening {
  int status = 200;
  bool says_date = false;  // among the fields that follow: not written here
  bool says_via = false;
  std::optional<std::chrono::seconds> age;
  std::string_view cache_status;
  std::string_view earlier_caches;  // what these have said of Cache-Status
};

// Appends the head, its empty line included, to `out`: status line HTTP/1.1, then Date (`http_date`, now) and Via: 1.1
// larder unless they are among `fields`, then the rest.
void write_response_head(const ClientAnswer& answer, std::string_view http_date, std::string& out);
// The same in two parts. The second changes with neither time nor age nor cache_status, and can be kept.
void write_opening(const AnswerOpening& opening, std::string_view http_date, std::string& out);
void write_rest_of_head(const ClientAnswer& answer, std::string& out);

// What is kept of other caches' Cache-Status; "" for nothing. A view of `fields`.
std::string_view earlier_caches(const cache::Fields& fields);

// Whether a field of this name, in any letter case, is among `fields`.
bool says(const ClientAnswer& answer, std::string_view name);

// "Not Found"; "Unknown" for codes of no RFC.
std::string_view reason_phrase(int status);

std::string repr_digest(const Digest& digest);  // "sha-256=:<base64>:" (RFC 9530)

}  // namespace larder::proxy
