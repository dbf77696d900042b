// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "proxy/response_head.h"

namespace larder::proxy {
namespace {

// Never kept. Hop-by-hop (RFC 9110 7.6.1 and older practice); what has a place of its own in OriginAnswer; what Larder
// says itself; what is one client's (cookies); what promises something of connections to the origin.
constexpr auto kNotKept = std::to_array<std::string_view>({
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "Proxy-Authorization",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",  //
    "Content-Length",
    "Content-Range",
    "ETag",
    "Last-Modified",  //
    "Date",
    "Age",
    "Via",
    "Cache-Status",
    "Accept-Ranges",
    "Repr-Digest",
    "Content-Digest",
    "Digest",  //
    "Set-Cookie",
    "Set-Cookie2",
    "Alt-Svc",
    "Strict-Transport-Security",
    "Public-Key-Pins",
    "Clear-Site-Data"  //
});

bool is_any_of(std::string_view name, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const auto& other) { return equals_ignoring_case(name, other); });
}

bool is_never_kept(std::string_view name) {
  return std::any_of(kNotKept.begin(), kNotKept.end(), [&](auto other) { return equals_ignoring_case(name, other); });
}

void add_listed(std::string_view list, std::vector<std::string>& names) {
  for (const auto item : split(list, ',')) {
    if (!trim(item).empty()) names.emplace_back(trim(item));
  }
}

// The fields that private="..." or no-cache="..." name.
void add_quoted(std::string_view cache_control, std::string_view directive, std::vector<std::string>& names) {
  const std::string lower = to_lower(cache_control);
  const std::string lead = std::string(directive) + "=\"";
  for (auto at = lower.find(lead); at != std::string::npos; at = lower.find(lead, at + 1)) {
    const auto begin = at + lead.size();
    add_listed(cache_control.substr(begin, lower.find('"', begin) - begin), names);
  }
}

// Fields that other fields take out: hop-by-hop ones by Connection, one client's by Cache-Control.
std::vector<std::string> taken_out(const cache::Fields& received) {
  std::vector<std::string> names;
  for (const auto& [name, value] : received) {
    if (equals_ignoring_case(name, "Connection")) add_listed(value, names);
    if (!equals_ignoring_case(name, "Cache-Control")) continue;
    add_quoted(value, "private", names);
    add_quoted(value, "no-cache", names);
  }
  return names;
}

bool is_token(std::string_view text) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z') || kSigns.find(c) != std::string_view::npos;
  });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7F;
  });
}

bool is_etag(std::string_view text) {
  if (text.starts_with("W/")) text.remove_prefix(2);
  return text.size() >= 2 && text.front() == '"' && text.find('"', 1) == text.size() - 1 &&
         text.find(' ') == std::string_view::npos;
}

std::string_view find(const cache::Fields& fields, std::string_view name) {
  for (const auto& [other, value] : fields) {
    if (equals_ignoring_case(name, other)) return value;
  }
  return {};
}

// Content-Length given several times, or as a list, is one if all say the same (RFC 9110 8.6).
std::optional<std::uint64_t> one_length(std::string_view value) {
  std::optional<std::uint64_t> length;
  for (const auto item : split(value, ',')) {
    const auto number = parse_decimal(trim(item));
    if (!number || (length && *length != *number)) return std::nullopt;
    length = number;
  }
  return length;
}

std::string_view without_line_end(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

OriginHead::State OriginHead::add_line(std::string_view line) {
  if (state_ == State::refused) return state_;
  line = without_line_end(line);
  if (line.starts_with("HTTP/")) return begin(line);
  bytes_ += line.size() + 2;
  if (bytes_ > limits::kHeadBytes) return refuse("its head is longer than 32 KiB");
  if (!begun_ || state_ == State::complete) return refuse("its head has no status line");
  return line.empty() ? finish() : add_field(line);
}

OriginHead::State OriginHead::begin(std::string_view status_line) {
  answer_ = {};
  bytes_ = status_line.size() + 2;
  begun_ = true;
  // "HTTP/1.1 200 OK", "HTTP/2 200"
  const auto space = std::min(status_line.find(' '), status_line.size());
  const auto code = status_line.substr(std::min(space + 1, status_line.size())).substr(0, 3);
  const auto status = code.size() == 3 ? parse_decimal(code) : std::nullopt;
  if (!status || *status < 100 || *status > 599) return refuse("its status line is malformed");
  answer_.status = static_cast<int>(*status);
  return state_ = State::incomplete;
}

OriginHead::State OriginHead::add_field(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return refuse("a field of its head is malformed");
  const auto value = trim(line.substr(colon + 1));
  if (has_control(value)) return refuse("a field of its head has a control byte in it");
  if (answer_.received.size() == limits::kHeadFields) return refuse("its head has more than 128 fields");
  answer_.received.emplace_back(line.substr(0, colon), value);
  return state_;
}

OriginHead::State OriginHead::finish() {
  const auto names = taken_out(answer_.received);
  std::string lengths;
  for (const auto& [name, value] : answer_.received) {
    if (equals_ignoring_case(name, "Content-Length")) lengths += (lengths.empty() ? "" : ",") + value;
    if (!is_never_kept(name) && !is_any_of(name, names)) answer_.kept.emplace_back(name, value);
  }
  if (!lengths.empty()) {
    answer_.content_length = one_length(lengths);
    if (!answer_.content_length) return refuse("its Content-Length is malformed");
  }
  if (!find(answer_.received, "Transfer-Encoding").empty()) answer_.content_length.reset();
  answer_.content_range = parse_content_range(find(answer_.received, "Content-Range"));
  // A multipart 206 has its ranges in its parts; Larder never asks for several at once.
  if (answer_.status == 206 && !(answer_.content_range && answer_.content_range->satisfied)) {
    return refuse("it is a 206 without a valid Content-Range");
  }
  if (const auto etag = find(answer_.received, "ETag"); is_etag(etag)) answer_.validators.etag = etag;
  answer_.validators.last_modified = find(answer_.received, "Last-Modified");
  answer_.location = find(answer_.received, "Location");
  const auto encoding = find(answer_.received, "Content-Encoding");
  if (!equals_ignoring_case(encoding, "identity")) answer_.content_encoding = encoding;
  return state_ = State::complete;
}

OriginHead::State OriginHead::refuse(std::string reason) {
  reason_ = std::move(reason);
  return state_ = State::refused;
}

std::optional<ContentRange> parse_content_range(std::string_view value) {
  constexpr std::string_view kUnit = "bytes ";
  if (!equals_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return std::nullopt;
  value = trim(value.substr(kUnit.size()));
  const auto slash = value.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  ContentRange range;
  const auto size = value.substr(slash + 1);
  range.size_bytes = parse_decimal(size);
  if (!range.size_bytes && size != "*") return std::nullopt;
  const auto span = value.substr(0, slash);
  if (span == "*") return range.size_bytes ? std::optional(range) : std::nullopt;
  const auto dash = span.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_decimal(span.substr(0, dash));
  const auto last = parse_decimal(span.substr(dash + 1));
  if (!first || !last || *last < *first || *last == UINT64_MAX) return std::nullopt;
  if (range.size_bytes && *last >= *range.size_bytes) return std::nullopt;
  range.satisfied = true;
  range.first = *first;
  range.end = *last + 1;
  return range;
}

}  // namespace larder::proxy
