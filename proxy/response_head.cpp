// SPDX-License-Identifier: MIT
#include "proxy/response_head.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace larder::proxy {
namespace {

constexpr std::string_view kVia = "Via: 1.1 larder\r\n";

void add_number(std::uint64_t number, std::string& out) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void add_field(std::string_view name, std::string_view value, std::string& out) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void add_if_said(std::string_view name, std::string_view value, std::string& out) {
  if (!value.empty()) add_field(name, value, out);
}

void add_number_field(std::string_view name, std::uint64_t number, std::string& out) {
  out += name;
  out += ": ";
  add_number(number, out);
  out += "\r\n";
}

void add_status_line(int status, std::string& out) {
  if (status == 200) {
    out += "HTTP/1.1 200 OK\r\n";
    return;
  }
  out += "HTTP/1.1 ";
  add_number(static_cast<std::uint64_t>(status), out);
  out += ' ';
  out += reason_phrase(status);
  out += "\r\n";
}

bool begins_ignoring_case(std::string_view text, std::string_view beginning) {
  return equals_ignoring_case(text.substr(0, beginning.size()), beginning);
}

// A 304 speaks of the stored answer, but of its content only where that is (RFC 9110 15.4.5).
bool says_nothing_in_304(std::string_view name) {
  return begins_ignoring_case(name, "Content-") && !equals_ignoring_case(name, "Content-Location");
}

void add_kept_fields(const ClientAnswer& answer, std::string& out) {
  for (const auto& [name, value] : *answer.fields) {
    if (answer.status == 304 && says_nothing_in_304(name)) continue;
    if (equals_ignoring_case(name, "Cache-Status")) continue;  // in the opening
    if (answer.other_content && equals_ignoring_case(name, "Content-Digest")) continue;
    if (!answer.content_type.empty() && equals_ignoring_case(name, "Content-Type")) continue;
    if ((answer.status == 206 || answer.status == 416) && equals_ignoring_case(name, "Content-Range")) continue;
    add_field(name, value, out);
  }
}

void add_connection(ClientAnswer::Connection connection, std::string& out) {
  if (connection == ClientAnswer::Connection::close) out += "Connection: close\r\n";
  if (connection == ClientAnswer::Connection::keep_alive) out += "Connection: keep-alive\r\n";
}

}  // namespace

std::string_view HttpDate::at(WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  if (second != second_ || text_.empty()) {
    text_ = to_http_date(now);
    second_ = second;
  }
  return text_;
}

std::string_view earlier_caches(const cache::Fields& fields) {
  const auto* said = cache::find_field(fields, "Cache-Status");
  return said != nullptr ? std::string_view(*said) : std::string_view{};
}

bool says(const ClientAnswer& answer, std::string_view name) {
  if (answer.fields == nullptr) return false;
  return std::any_of(answer.fields->begin(), answer.fields->end(),
                     [&](const auto& field) { return equals_ignoring_case(field.first, name); });
}

void write_opening(const AnswerOpening& opening, std::string_view http_date, std::string& out) {
  add_status_line(opening.status, out);
  if (!opening.says_date) add_field("Date", http_date, out);
  if (!opening.says_via) out += kVia;
  if (opening.age) {
    add_number_field("Age", static_cast<std::uint64_t>(std::max<std::int64_t>(opening.age->count(), 0)), out);
  }
  if (!opening.cache_status.empty()) {
    out += "Cache-Status: ";
    if (!opening.earlier_caches.empty()) out.append(opening.earlier_caches).append(", ");
    out += "larder; ";
    out += opening.cache_status;
    out += "\r\n";
  }
}

void write_rest_of_head(const ClientAnswer& answer, std::string& out) {
  if (answer.fields != nullptr) add_kept_fields(answer, out);
  add_if_said("Content-Type", answer.content_type, out);
  add_if_said("ETag", answer.etag, out);
  add_if_said("Last-Modified", answer.last_modified, out);
  if (answer.accept_ranges) out += "Accept-Ranges: bytes\r\n";
  if (answer.digest != nullptr) add_field("Repr-Digest", repr_digest(*answer.digest), out);
  add_if_said("Content-Range", answer.content_range, out);
  if (answer.content_length) add_number_field("Content-Length", *answer.content_length, out);
  if (answer.chunked) out += "Transfer-Encoding: chunked\r\n";
  add_connection(answer.connection, out);
  if (answer.extra != nullptr) {
    for (const auto& [name, value] : *answer.extra) add_field(name, value, out);
  }
  out += "\r\n";
}

void write_response_head(const ClientAnswer& answer, std::string_view http_date, std::string& out) {
  AnswerOpening opening{answer.status, says(answer, "Date"), says(answer, "Via"), answer.age, answer.cache_status, {}};
  if (answer.fields != nullptr) opening.earlier_caches = earlier_caches(*answer.fields);
  write_opening(opening, http_date, out);
  write_rest_of_head(answer, out);
}

std::string repr_digest(const Digest& digest) {
  std::array<unsigned char, 48> text{};  // 32 bytes are 44 digits and a zero
  const auto* bytes = reinterpret_cast<const unsigned char*>(digest.bytes.data());
  const int length = EVP_EncodeBlock(text.data(), bytes, static_cast<int>(Digest::kSize));
  std::string value = "sha-256=:";
  value.append(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length));
  value += ':';
  return value;
}

std::string_view reason_phrase(int status) {
  struct Phrase {
    int status;
    std::string_view text;
  };
  // The registry of status codes (RFC 9110 16.2).
  static constexpr auto kPhrases = std::to_array<Phrase>({
      {100, "Continue"},
      {101, "Switching Protocols"},
      {102, "Processing"},
      {103, "Early Hints"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {203, "Non-Authoritative Information"},
      {204, "No Content"},
      {205, "Reset Content"},
      {206, "Partial Content"},
      {207, "Multi-Status"},
      {208, "Already Reported"},
      {226, "IM Used"},
      {300, "Multiple Choices"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {305, "Use Proxy"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {423, "Locked"},
      {424, "Failed Dependency"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
      {506, "Variant Also Negotiates"},
      {507, "Insufficient Storage"},
      {508, "Loop Detected"},
      {511, "Network Authentication Required"},
  });
  for (const auto& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return "Unknown";
}

}  // namespace larder::proxy
