// SPDX-License-Identifier: MIT
#include "proxy/request_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <cstring>

#include "base/limits.h"
#include "base/text.h"
#include "proxy/authority.h"
#include "proxy/grammar.h"

namespace larder::proxy {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kMethodBytes = 32;  // the longest registered one, UPDATEREDIRECTREF, has 17
// The longest request line that can be right: method, target, version and the two spaces.
constexpr std::size_t kRequestLineBytes = kMethodBytes + limits::kTargetBytes + sizeof "  HTTP/1.1";

// What Beast found, as views into the buffer it was given.
class HeadSink final : public http::basic_parser<true> {
 public:
  explicit HeadSink(RequestHead& head) : head_(head) {
    header_limit(limits::kHeadBytes + 1);
    body_limit(boost::none);
  }

 private:
  using View = boost::beast::string_view;
  using Code = boost::beast::error_code;

  void on_request_impl(http::verb /*verb*/, View method, View target, int version, Code& /*ec*/) override {
    head_.method = {method.data(), method.size()};
    head_.target = {target.data(), target.size()};
    head_.minor_version = version % 10;
  }
  void on_field_impl(http::field /*name*/, View name, View value, Code& /*ec*/) override {
    head_.fields.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
  }
  void on_response_impl(int /*status*/, View /*reason*/, int /*version*/, Code& /*ec*/) override {}
  void on_header_impl(Code& /*ec*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/, Code& /*ec*/) override {}
  std::size_t on_body_impl(View body, Code& /*ec*/) override { return body.size(); }
  void on_chunk_header_impl(std::uint64_t /*size*/, View /*extensions*/, Code& /*ec*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, View body, Code& /*ec*/) override { return body.size(); }
  void on_finish_impl(Code& /*ec*/) override {}

  RequestHead& head_;
};

struct NamedField {
  std::string_view text;
  FieldName name;
};
constexpr auto kFieldNames = std::to_array<NamedField>({
    {"Via", FieldName::via},
    {"Host", FieldName::host},
    {"Range", FieldName::range},
    {"Expect", FieldName::expect},
    {"Pragma", FieldName::pragma},
    {"X-Host", FieldName::speaks_for_another},
    {"If-Match", FieldName::if_match},
    {"If-Range", FieldName::if_range},
    {"Forwarded", FieldName::speaks_for_another},
    {"Connection", FieldName::connection},
    {"Max-Forwards", FieldName::max_forwards},
    {"Authorization", FieldName::authorization},
    {"Cache-Control", FieldName::cache_control},
    {"If-None-Match", FieldName::if_none_match},
    {"X-HTTP-Method", FieldName::speaks_for_another},
    {"X-Rewrite-URL", FieldName::speaks_for_another},
    {"Content-Length", FieldName::content_length},
    {"X-Original-URL", FieldName::speaks_for_another},
    {"X-Original-Host", FieldName::speaks_for_another},
    {"X-Forwarded-Host", FieldName::speaks_for_another},
    {"X-Forwarded-Port", FieldName::speaks_for_another},
    {"If-Modified-Since", FieldName::if_modified_since},
    {"Transfer-Encoding", FieldName::transfer_encoding},
    {"X-Forwarded-Proto", FieldName::speaks_for_another},
    {"X-Method-Override", FieldName::speaks_for_another},
    {"X-Forwarded-Prefix", FieldName::speaks_for_another},
    {"X-Forwarded-Scheme", FieldName::speaks_for_another},
    {"X-Forwarded-Server", FieldName::speaks_for_another},
    {"If-Unmodified-Since", FieldName::if_unmodified_since},
    {"Proxy-Authorization", FieldName::proxy_authorization},
    {"X-HTTP-Method-Override", FieldName::speaks_for_another},
});
constexpr std::size_t kLongestName = kFieldNames.back().text.size();

constexpr bool shorter(const NamedField& a, const NamedField& b) {
  return a.text.size() < b.text.size();
}
static_assert(std::is_sorted(kFieldNames.begin(), kFieldNames.end(), shorter));
static_assert(static_cast<unsigned>(FieldName::other) < 32, "RequestHead::said has a bit for each");

// Where the names of each length begin in kFieldNames.
constexpr auto kNamesOfLength = [] {
  std::array<std::uint8_t, kLongestName + 2> begins{};
  std::size_t at = 0;
  for (std::size_t length = 0; length < begins.size(); ++length) {
    while (at < kFieldNames.size() && kFieldNames[at].text.size() < length) ++at;
    begins[length] = static_cast<std::uint8_t>(at);
  }
  return begins;
}();

using Verdict = std::optional<HeadRefusal>;

Verdict bad(std::string reason) {
  return HeadRefusal{400, std::move(reason)};
}

// ---- before Beast: what is wrong with the bytes ----

// A control byte but tab, or DEL, among eight; a tab sets it off too. Hacker's Delight, "find the first zero byte".
bool may_have_control(std::uint64_t eight) {
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  constexpr std::uint64_t kHighs = kOnes * 0x80;
  const std::uint64_t below_space = (eight - kOnes * 0x20) & ~eight;
  const std::uint64_t not_del = eight ^ (kOnes * 0x7F);
  return ((below_space | ((not_del - kOnes) & ~not_del)) & kHighs) != 0;
}

bool eight_have_control(const char* bytes) {
  std::uint64_t eight = 0;
  std::memcpy(&eight, bytes, sizeof eight);
  return may_have_control(eight) && std::any_of(bytes, bytes + sizeof eight, is_control);
}

// Eight at once, as every byte of every request passes here; the last eight may overlap those before.
bool has_control(std::string_view line) {
  constexpr std::size_t kEight = sizeof(std::uint64_t);
  if (line.size() < kEight) return std::any_of(line.begin(), line.end(), is_control);
  for (std::size_t at = 0; at + kEight <= line.size(); at += kEight) {
    if (eight_have_control(line.data() + at)) return true;
  }
  return eight_have_control(line.data() + line.size() - kEight);
}

Verdict check_version(std::string_view version) {
  constexpr std::string_view kName = "HTTP/";
  const bool well_formed = version.size() == kName.size() + 3 && version.starts_with(kName) && is_digit(version[5]) &&
                           version[6] == '.' && is_digit(version[7]);
  if (!well_formed) return bad("The request line does not end in an HTTP version.");
  if (version[5] != '1') return HeadRefusal{505, "This server speaks HTTP/1.0 and HTTP/1.1."};
  return std::nullopt;
}

Verdict check_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return bad("The request line is not METHOD TARGET VERSION.");
  const auto method = line.substr(0, first);
  const auto target = line.substr(first + 1, last - first - 1);
  if (method.size() > kMethodBytes) return bad("The method is longer than 32 bytes.");
  if (target.size() > limits::kTargetBytes) return HeadRefusal{414, "The request target is longer than 8 KiB."};
  // Not find_first_of, which searches its list anew for every byte.
  const auto is_wrong = [](char c) {
    return c == ' ' || c == '\t' || c == '#' || static_cast<unsigned char>(c) >= 0x80;
  };
  if (std::any_of(target.begin(), target.end(), is_wrong)) {
    return bad("The request target has white space, a '#' or a byte beyond ASCII in it.");
  }
  return check_version(line.substr(last + 1));
}

Verdict run_beast(std::string_view text, RequestHead& head) {
  HeadSink sink(head);
  boost::beast::error_code code;
  sink.put(boost::asio::const_buffer(text.data(), text.size()), code);
  if (code) return bad("The request head is malformed: " + code.message() + ".");
  if (!sink.is_header_done()) return bad("The request head is malformed.");
  return std::nullopt;
}

// A higher minor version is read as 1.1 (RFC 9110 2.5). Beast does not know it, so it gets to see a copy.
Verdict run_beast_as_1_1(std::string_view text, std::size_t minor_at, RequestHead& head) {
  std::string copy(text);
  copy[minor_at] = '1';
  auto wrong = run_beast(copy, head);
  head.look_at_copy(copy.data(), text.data());
  return wrong;
}

// ---- after Beast: what the fields mean together ----

// The fields that decide where the message ends and whom it is for, in one pass.
struct Deciding {
  const Field* host = nullptr;
  const Field* content_length = nullptr;
  const Field* transfer_encoding = nullptr;
  const char* doubled = nullptr;
  bool close = false;
  bool keep_alive = false;
  bool unknown_expectation = false;
};

void note_once(const Field*& place, const Field& field, const char*& doubled, const char* name) {
  if (place != nullptr) doubled = name;
  place = &field;
}

void note_connection(std::string_view value, Deciding& deciding) {
  while (!value.empty()) {
    const auto comma = std::min(value.find(','), value.size());
    const auto option = trim(value.substr(0, comma));
    if (equals_ignoring_case(option, "close")) deciding.close = true;
    if (equals_ignoring_case(option, "keep-alive")) deciding.keep_alive = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

void note_expectation(std::string_view value, RequestHead& head, Deciding& deciding) {
  const auto members = split(value, ',');
  const bool known = std::all_of(members.begin(), members.end(), [](std::string_view member) {
    return equals_ignoring_case(trim(member), "100-continue");
  });
  head.expect_continue = known && head.minor_version == 1;  // RFC 9110 10.1.1: HTTP/1.0 knows none
  if (!known) deciding.unknown_expectation = true;
}

Deciding gather(RequestHead& head) {
  Deciding deciding;
  for (const auto& field : head.fields) {
    const FieldName name = field_name(field.name);
    head.said |= 1U << static_cast<unsigned>(name);
    switch (name) {
      case FieldName::host:
        note_once(deciding.host, field, deciding.doubled, "Host");
        break;
      case FieldName::content_length:
        note_once(deciding.content_length, field, deciding.doubled, "Content-Length");
        break;
      case FieldName::transfer_encoding:
        note_once(deciding.transfer_encoding, field, deciding.doubled, "Transfer-Encoding");
        break;
      case FieldName::connection:
        note_connection(field.value, deciding);
        break;
      case FieldName::expect:
        note_expectation(field.value, head, deciding);
        break;
      default:
        break;
    }
  }
  return deciding;
}

// RFC 9112 6.1, 6.3: chunked comes last and once, and what is not known before it is 501.
Verdict check_codings(std::string_view value) {
  const auto is_chunked = [](std::string_view coding) { return equals_ignoring_case(trim(coding), "chunked"); };
  const auto codings = split(value, ',');
  if (!is_chunked(codings.back())) return bad("The last Transfer-Encoding is not chunked.");
  if (std::count_if(codings.begin(), codings.end(), is_chunked) > 1) return bad("A body cannot be chunked twice.");
  if (codings.size() > 1) return HeadRefusal{501, "The only Transfer-Encoding understood is chunked."};
  return std::nullopt;
}

Verdict check_framing(const Deciding& deciding, RequestHead& head) {
  if (deciding.transfer_encoding != nullptr) {
    if (head.minor_version == 0) return bad("Transfer-Encoding is not known in HTTP/1.0.");
    if (deciding.content_length != nullptr) return bad("Content-Length and Transfer-Encoding exclude each other.");
    if (auto wrong = check_codings(deciding.transfer_encoding->value)) return wrong;
    head.chunked = true;
  }
  if (deciding.content_length != nullptr) {
    head.content_length = parse_decimal(deciding.content_length->value);
    if (!head.content_length) return bad("Content-Length is not a number.");
  }
  return std::nullopt;
}

Verdict check_host(const Deciding& deciding, RequestHead& head) {
  if (deciding.host == nullptr) {
    if (head.minor_version == 1) return bad("A request in HTTP/1.1 must have a Host field.");
    return std::nullopt;
  }
  head.host = deciding.host->value;
  if (!head.host.empty() && !is_authority(head.host)) return bad("The Host field is not a host and port.");
  return std::nullopt;
}

Verdict check_connect_target(const RequestHead& head) {
  const auto target = parse_authority(head.target);
  if (!target || !target->port) return bad("CONNECT must name a host and a port.");
  if (!head.host.empty() && !same_authority(head.host, head.target, *target->port)) {
    return bad("The Host field does not name the host of the request target.");
  }
  return std::nullopt;
}

bool is_scheme(std::string_view text) {
  const auto letter = [](char c) { return to_lower(c) >= 'a' && to_lower(c) <= 'z'; };
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

Verdict check_absolute_target(const RequestHead& head, bool host_sent) {
  const auto mark = head.target.find("://");
  const auto scheme = head.target.substr(0, mark);
  if (mark == std::string_view::npos || !is_scheme(scheme)) return bad("The request target is no path and no URL.");
  auto authority = head.target.substr(mark + 3);
  authority = authority.substr(0, authority.find_first_of("/?"));
  if (!is_authority(authority)) return bad("The URL in the request line has no valid host.");
  const std::uint16_t default_port = equals_ignoring_case(scheme, "https") ? 443 : 80;
  if (host_sent && !same_authority(head.host, authority, default_port)) {
    return bad("The Host field does not name the host of the request target.");
  }
  return std::nullopt;
}

Verdict check_target(const RequestHead& head, bool host_sent) {
  if (head.method == "CONNECT") return check_connect_target(head);
  if (head.target.starts_with('/')) return std::nullopt;
  if (head.target == "*") {
    if (head.method == "OPTIONS") return std::nullopt;
    return bad("Only OPTIONS may ask for *.");
  }
  return check_absolute_target(head, host_sent);
}

Verdict check_fields(RequestHead& head) {
  const Deciding deciding = gather(head);
  if (deciding.doubled != nullptr) return bad(std::string(deciding.doubled) + " is given twice.");
  if (auto wrong = check_framing(deciding, head)) return wrong;
  if (deciding.unknown_expectation) return HeadRefusal{417, "The only expectation understood is 100-continue."};
  if (auto wrong = check_host(deciding, head)) return wrong;
  if (auto wrong = check_target(head, deciding.host != nullptr)) return wrong;
  head.keep_alive = !deciding.close && (head.minor_version == 1 || deciding.keep_alive);
  return std::nullopt;
}

void clear(RequestHead& head) {
  auto fields = std::move(head.fields);
  fields.clear();
  head = {};
  head.fields = std::move(fields);
}

}  // namespace

FieldName field_name(std::string_view name) {
  if (name.size() > kLongestName) return FieldName::other;
  for (std::size_t at = kNamesOfLength[name.size()]; at < kNamesOfLength[name.size() + 1]; ++at) {
    if (equals_ignoring_case(name, kFieldNames[at].text)) return kFieldNames[at].name;
  }
  return FieldName::other;
}

// ---- RequestHead ----

void RequestHead::look_at_copy(const char* from, const char* copy) {
  const auto move = [&](std::string_view& view) {
    if (!view.empty()) view = {copy + (view.data() - from), view.size()};
  };
  move(method);
  move(target);
  move(host);
  for (Field& field : fields) {
    move(field.name);
    move(field.value);
  }
}

std::string_view RequestHead::find(std::string_view name) const {
  for (const auto& field : fields) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return {};
}

bool RequestHead::has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(), [&](const Field& f) { return equals_ignoring_case(f.name, name); });
}

bool RequestHead::nominates(std::string_view name) const {
  if (!has(FieldName::connection)) return false;
  return std::any_of(fields.begin(), fields.end(), [&](const Field& field) {
    if (!equals_ignoring_case(field.name, "Connection")) return false;
    const auto options = split(field.value, ',');
    return std::any_of(options.begin(), options.end(),
                       [&](std::string_view option) { return equals_ignoring_case(trim(option), name); });
  });
}

std::string RequestHead::joined(std::string_view name) const {
  std::string list;
  bool first = true;
  for (const auto& field : fields) {
    if (!equals_ignoring_case(field.name, name)) continue;
    if (!first) list += ", ";
    list += field.value;
    first = false;
  }
  return list;
}

// ---- HeadParser ----

HeadParser::State HeadParser::parse(std::string_view buffer, RequestHead& head) {
  if (state_ == State::refused) return state_;
  if (head_bytes_ == 0 && find_end(buffer) != State::complete) return state_;
  const auto text = buffer.substr(begin_, head_bytes_ - begin_);
  clear(head);
  auto wrong = check_request_line(text.substr(0, text.find('\r')));
  if (!wrong) {
    const auto minor_at = text.find('\r') - 1;
    wrong = text[minor_at] > '1' ? run_beast_as_1_1(text, minor_at, head) : run_beast(text, head);
  }
  if (!wrong) wrong = check_fields(head);
  if (wrong) return refuse(wrong->status, std::move(wrong->reason));
  return state_ = State::complete;
}

HeadParser::State HeadParser::find_end(std::string_view buffer) {
  while (scanned_ < buffer.size()) {
    const void* found = std::memchr(buffer.data() + scanned_, '\n', buffer.size() - scanned_);
    if (found == nullptr) break;
    const auto lf = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
    if (lf == 0 || buffer[lf - 1] != '\r') return refuse(400, "A line of the request head ends without CR.");
    const auto line = buffer.substr(line_begin_, lf - 1 - line_begin_);
    scanned_ = line_begin_ = lf + 1;
    if (has_control(line)) return refuse(400, "The request head has a control byte in it, or a CR within a line.");
    if (!line.empty()) {
      if (lines_ > limits::kHeadFields) return refuse(431, "The request has more than 128 fields.");
      if (lines_ > 0 && (line.front() == ' ' || line.front() == '\t')) {
        return refuse(400, "A field is folded over two lines.");
      }
      ++lines_;
    } else if (lines_ > 0) {
      head_bytes_ = lf + 1;
      break;
    } else if (begin_ == 0) {
      begin_ = lf + 1;
    } else {
      return refuse(400, "The request begins with empty lines.");
    }
  }
  scanned_ = head_bytes_ == 0 ? buffer.size() : head_bytes_;
  return over_limit(buffer);
}

HeadParser::State HeadParser::over_limit(std::string_view buffer) {
  const auto head = buffer.substr(begin_, (head_bytes_ == 0 ? buffer.size() : head_bytes_) - begin_);
  if (!head.empty() && !is_token_char(head.front()) && !(begin_ == 0 && head == "\r")) {
    return refuse(400, "The request does not begin with a method.");
  }
  if (lines_ == 0 && head.size() > kRequestLineBytes) return refuse(414, "The request line is longer than 8 KiB.");
  if (head.size() > limits::kHeadBytes) return refuse(431, "The request head is longer than 32 KiB.");
  return head_bytes_ == 0 ? State::incomplete : State::complete;
}

HeadParser::State HeadParser::refuse(int status, std::string reason) {
  refusal_ = {status, std::move(reason)};
  return state_ = State::refused;
}

void HeadParser::reset() {
  *this = HeadParser();
}

}  // namespace larder::proxy
