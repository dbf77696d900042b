// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "cache/dictionary.h"
#include "proxy/grammar.h"
#include "proxy/response_head.h"

namespace larder::proxy {
namespace {

// Never kept. Hop-by-hop (RFC 9110 7.6.1 and older practice); what has a place of its own in OriginAnswer; what Larder
// says itself; what promises something of connections to the origin.
constexpr auto kNotKept = std::to_array<std::string_view>({
    "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authentication-Info",
    "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding",
    "Upgrade",  //
    "Content-Length", "ETag",
    "Last-Modified",  //
    "Age", "Via", "Cache-Status",
    "Accept-Ranges",  //
    "Alt-Svc"         //
});

// May stand once (RFC 9110 5.3). Said twice with different values, nobody can know which is meant.
constexpr auto kSingle =
    std::to_array<std::string_view>({"Content-Range", "Content-Type", "ETag", "Last-Modified", "Location"});

struct Version {
  std::string_view sent;
  std::string_view name;  // in Via (RFC 9110 7.6.3)
};
// HTTP/2 as libcurl writes it.
constexpr auto kVersions = std::to_array<Version>({{"HTTP/1.1 ", "1.1"}, {"HTTP/1.0 ", "1.0"}, {"HTTP/2 ", "2.0"}});
constexpr auto kPersonal = std::to_array<std::string_view>(
    {"Set-Cookie", "Set-Cookie2", "Strict-Transport-Security", "Public-Key-Pins", "Clear-Site-Data"});

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

// Fields that Connection makes hop-by-hop.
std::vector<std::string> nominated(const cache::Fields& received) {
  std::vector<std::string> names;
  for (const auto& [name, value] : received) {
    if (equals_ignoring_case(name, "Connection")) add_listed(value, names);
  }
  return names;
}

bool is_personal(std::string_view name) {
  return std::any_of(kPersonal.begin(), kPersonal.end(), [&](auto other) { return equals_ignoring_case(name, other); });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_control);
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

// A field that stands once and is said twice with different values; "" none.
std::string_view contradicted(const cache::Fields& fields) {
  for (const auto single : kSingle) {
    const std::string_view first = find(fields, single);
    const bool agree = std::all_of(fields.begin(), fields.end(), [&](const auto& field) {
      return !equals_ignoring_case(field.first, single) || field.second == first;
    });
    if (!agree) return single;
  }
  return {};
}

bool is_multipart(const cache::Fields& fields) {
  constexpr std::string_view kType = "multipart/byteranges";
  return equals_ignoring_case(find(fields, "Content-Type").substr(0, kType.size()), kType);
}

std::string all_of(const cache::Fields& fields, std::string_view name) {
  std::string list;
  for (const auto& [other, value] : fields) {
    if (equals_ignoring_case(name, other)) list += (list.empty() ? "" : ", ") + value;
  }
  return list;
}

bool has(const cache::Fields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(), [&](const auto& f) { return equals_ignoring_case(f.first, name); });
}

}  // namespace

OriginHead::State OriginHead::add_line(std::string_view line) {
  constexpr std::string_view kEnd = "\r\n";
  if (state_ == State::refused) return state_;
  if (!line.ends_with(kEnd)) return refuse("a line of its head ends without CRLF");
  line.remove_suffix(kEnd.size());
  if (!begun_ || state_ == State::complete) return begin(line);
  bytes_ += line.size() + kEnd.size();
  if (bytes_ > limits::kHeadBytes) return refuse("its head is longer than 32 KiB");
  return line.empty() ? finish() : add_field(line);
}

OriginHead::State OriginHead::begin(std::string_view status_line) {
  if (begun_ && answer_.status >= 200) return refuse("a second head follows its head");
  if (begun_ && ++interim_ > limits::kInterimAnswers) return refuse("more than 16 interim answers come before it");
  answer_ = {};
  bytes_ = status_line.size() + 2;
  begun_ = true;
  state_ = State::incomplete;
  if (bytes_ > limits::kHeadBytes) return refuse("its head is longer than 32 KiB");
  const auto* version = std::find_if(kVersions.begin(), kVersions.end(),
                                     [&](const Version& known) { return status_line.starts_with(known.sent); });
  if (version == kVersions.end()) return refuse("its head has no status line of HTTP/1.0, 1.1 or 2");
  const auto rest = status_line.substr(version->sent.size());
  const auto code = rest.substr(0, 3);
  const auto status = code.size() == 3 ? parse_decimal(code) : std::nullopt;
  const bool ends = rest.size() == code.size() || rest[code.size()] == ' ';
  if (!status || !ends || has_control(rest)) return refuse("its status line is malformed");
  if (*status < 100 || *status > 599) return refuse("its status is outside 100 to 599");
  if (*status == 101) return refuse("it changes to a protocol that was not asked for");
  answer_.status = static_cast<int>(*status);
  answer_.protocol = version->name;
  return state_;
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
  if (!frame() || !keep()) return state_;
  answer_.content_range = parse_content_range(find(answer_.received, "Content-Range"));
  const bool one_range = answer_.content_range && answer_.content_range->satisfied;
  if (answer_.status == 206 && !one_range && !is_multipart(answer_.received)) {
    return refuse("it is a 206 without a valid Content-Range");
  }
  if (const auto etag = find(answer_.received, "ETag"); is_etag(etag)) answer_.validators.etag = etag;
  answer_.validators.last_modified = find(answer_.received, "Last-Modified");
  answer_.location = find(answer_.received, "Location");
  const auto encoding = find(answer_.received, "Content-Encoding");
  if (!equals_ignoring_case(encoding, "identity")) answer_.content_encoding = encoding;
  return state_ = State::complete;
}

// Where the message ends (RFC 9112 6.3).
bool OriginHead::frame() {
  const bool has_length = has(answer_.received, "Content-Length");
  const bool bodiless = answer_.status < 200 || answer_.status == 204;
  if (has_length) {
    answer_.content_length = one_length(all_of(answer_.received, "Content-Length"));
    if (!answer_.content_length) refuse("its Content-Length is malformed, or said twice with different values");
    if (bodiless && answer_.content_length.value_or(0) > 0) refuse("it has a Content-Length, but its status no body");
  }
  if (has(answer_.received, "Transfer-Encoding")) {
    const bool known = equals_ignoring_case(all_of(answer_.received, "Transfer-Encoding"), "chunked");
    answer_.chunked = true;
    if (has_length) refuse("it has both Content-Length and Transfer-Encoding");
    if (!known) refuse("its Transfer-Encoding is not one \"chunked\"");
    if (answer_.protocol != "1.1" || bodiless) refuse("it has a Transfer-Encoding where there can be none");
  }
  return state_ != State::refused;
}

// What goes on to clients.
bool OriginHead::keep() {
  if (const auto name = contradicted(answer_.received); !name.empty()) {
    refuse("its " + std::string(name) + " is said twice with different values");
    return false;
  }
  const auto names = nominated(answer_.received);
  const auto withheld = cache::response_directives(answer_.received).withheld;
  // It speaks of this message; in any other answer it means nothing (RFC 9110 14.4) and is like an unknown field.
  const bool of_part = answer_.status == 206 || answer_.status == 416;
  for (const auto& [name, value] : answer_.received) {
    if (is_never_kept(name) || is_any_of(name, names)) continue;
    if (of_part && equals_ignoring_case(name, "Content-Range")) continue;
    if (answer_.status == 206 && equals_ignoring_case(name, "Content-Digest")) continue;  // of the part (RFC 9530 2)
    if (equals_ignoring_case(name, "Date") && (has(answer_.kept, "Date") || !cache::parse_http_date(value))) continue;
    auto& place = is_any_of(name, withheld) ? answer_.withheld : is_personal(name) ? answer_.personal : answer_.kept;
    place.emplace_back(name, value);
  }
  // RFC 9211 2: what caches before this one say is preserved, unless it would make the list unreadable.
  if (std::string before = all_of(answer_.received, "Cache-Status"); cache::is_list(before)) {
    answer_.kept.emplace_back("Cache-Status", std::move(before));
  }
  const std::string via = all_of(answer_.received, "Via");
  if (!via.empty() || answer_.protocol != "1.1") {
    answer_.kept.emplace_back("Via", (via.empty() ? "" : via + ", ") + std::string(answer_.protocol) + " larder");
  }
  return true;
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
