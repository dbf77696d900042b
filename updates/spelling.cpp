// SPDX-License-Identifier: MIT
#include "updates/spelling.h"

#include <array>
#include <vector>

#include "base/text.h"

namespace larder::updates {
namespace {

bool is_unreserved(char c) {
  const char lower = to_lower(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_' || c == '~';
}

unsigned hex_value(char c) {
  return static_cast<unsigned>(is_digit(c) ? c - '0' : to_lower(c) - 'a' + 10);
}

void append_escape(std::string& text, unsigned value) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  text += '%';
  text += kDigits[value >> 4U];
  text += kDigits[value & 0xFU];
}

}  // namespace

std::string normal_escapes(std::string_view text) {
  std::string normal;
  normal.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && is_hex_digit(text[i + 1]) && is_hex_digit(text[i + 2]);
    if (!escape) {
      normal += text[i] == '%' ? "%25" : text.substr(i, 1);
      continue;
    }
    const unsigned value = hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]);
    const char c = static_cast<char>(value);
    if (is_unreserved(c)) {
      normal += c;
    } else {
      append_escape(normal, value);
    }
    i += 2;
  }
  return normal;
}

std::string normal_path(std::string_view path) {
  const std::string escaped = normal_escapes(path);
  if (escaped.find("/.") == std::string::npos && escaped.starts_with('/')) return escaped;
  std::vector<std::string_view> kept;
  const auto segments = split(std::string_view(escaped).substr(escaped.starts_with('/') ? 1 : 0), '/');
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const bool last = i + 1 == segments.size();
    const bool up = segments[i] == "..";
    if (!up && segments[i] != ".") {
      kept.push_back(segments[i]);
      continue;
    }
    if (up && !kept.empty()) kept.pop_back();
    if (last) kept.emplace_back();
  }
  std::string normal;
  for (const auto segment : kept) normal.append("/").append(segment);
  return normal.empty() ? "/" : normal;
}

std::string escape_segment(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (is_unreserved(c)) {
      escaped += c;
    } else {
      append_escape(escaped, static_cast<unsigned char>(c));
    }
  }
  return escaped;
}

std::string base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  const auto segment = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return percent_decode(segment).value_or(std::string(segment));
}

}  // namespace larder::updates
