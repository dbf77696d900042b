// SPDX-License-Identifier: MIT
#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "updates/canonical.h"

namespace larder::updates {
namespace {

constexpr std::size_t kHostBytes = 253;  // RFC 1035 2.3.4
constexpr std::size_t kLabelBytes = 63;

Error bad_url(std::string_view why) {
  return fail(ErrorKind::invalid, "reading a URL: " + std::string(why));
}

bool is_host_character(char c) {
  const char lower = to_lower(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_';
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kHostBytes) return false;
  if (!std::all_of(host.begin(), host.end(), is_host_character)) return false;
  const auto labels = split(host, '.');
  return std::all_of(labels.begin(), labels.end(),
                     [](std::string_view label) { return !label.empty() && label.size() <= kLabelBytes; });
}

bool is_ipv6(const std::string& host) {
  std::array<unsigned char, 16> address{};
  return inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

// Reads "host", "host:port", "[v6]", "[v6]:port" into `url`, whose scheme is set.
Status read_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos) return bad_url("user names are not allowed in it");
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return bad_url("its host has no closing bracket");
    url.host = to_lower(authority.substr(1, end - 1));
    port = authority.substr(end + 1);
    if (!is_ipv6(url.host)) return bad_url("its host is not an IPv6 address");
  } else {
    const auto colon = authority.find(':');
    std::string_view name = authority.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon);
    if (name.ends_with('.')) name.remove_suffix(1);
    if (!is_host_name(name)) return bad_url("its host is empty or malformed");
    url.host = to_lower(name);
  }
  url.port = url.scheme == "https" ? 443 : 80;
  if (port.empty() || port == ":") return ok();
  const auto number = parse_decimal(port.substr(1));
  if (port.front() != ':' || !number || *number == 0 || *number > 65535) return bad_url("its port is not one");
  url.port = static_cast<std::uint16_t>(*number);
  return ok();
}

bool is_forbidden(char c) {
  return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '#';
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  if (text.size() > limits::kTargetBytes + kHostBytes) {
    return fail(ErrorKind::too_large, "reading a URL: it is longer than a request target may be");
  }
  if (std::any_of(text.begin(), text.end(), is_forbidden)) {
    return bad_url("spaces, control characters and fragments are not allowed in it");
  }
  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return bad_url("it does not begin with http:// or https://");
  Url url;
  url.scheme = to_lower(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return bad_url("its scheme is neither http nor https");
  text.remove_prefix(colon + 3);

  const auto end = std::min(text.find_first_of("/?"), text.size());
  if (auto read = read_authority(text.substr(0, end), url); !read) return std::move(read).error();
  text.remove_prefix(end);

  const auto question = text.find('?');
  url.path = text.substr(0, question);
  if (url.path.empty()) url.path = "/";
  if (question != std::string_view::npos) url.query = text.substr(question + 1);
  return url;
}

std::string Url::target() const {
  return query.empty() ? path : path + '?' + query;
}

std::string Url::text() const {
  std::string text = scheme + "://";
  text += host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (!default_port()) text += ':' + std::to_string(port);
  return text += target();
}

}  // namespace larder::updates
