// SPDX-License-Identifier: MIT
#include "cache/dictionary.h"

#include <algorithm>

#include "base/text.h"

namespace larder::cache {
namespace {

using Kind = DictionaryMember::Kind;

constexpr std::size_t kIntegerDigits = 15;  // RFC 8941 3.3.1
constexpr std::size_t kDecimalDigits = 12;  // before the point; 1 to 3 behind it

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
  return is_lower(to_lower(c));
}
bool is_tchar(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

struct Item {
  Kind kind = Kind::yes;
  std::string value;
};

// Reads from the front of `rest_`; each function takes what it names, or says that it is not there.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<std::vector<DictionaryMember>> dictionary() {
    std::vector<DictionaryMember> members;
    skip(" ");
    while (!rest_.empty()) {
      auto member = this->member();
      if (!member) return std::nullopt;
      const auto same =
          std::find_if(members.begin(), members.end(), [&](const auto& other) { return other.key == member->key; });
      if (same != members.end()) {
        *same = std::move(*member);
      } else {
        members.push_back(std::move(*member));
      }
      skip(" \t");
      if (rest_.empty()) break;
      if (!take(',')) return std::nullopt;
      skip(" \t");
      if (rest_.empty()) return std::nullopt;  // a comma at the end
    }
    return members;
  }

  bool is_list() {
    skip(" ");
    do {
      skip(" \t");
      if (!(at('(') ? inner_list() : item()) || !parameters()) return false;
      skip(" \t");
    } while (take(','));
    return rest_.empty();
  }

 private:
  bool at(char c) const { return rest_.starts_with(c); }
  bool take(char c) {
    if (!at(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip(std::string_view any_of) { rest_.remove_prefix(std::min(rest_.find_first_not_of(any_of), rest_.size())); }
  template <class Accept>
  std::string_view run(Accept accept) {
    const auto end = std::find_if_not(rest_.begin(), rest_.end(), accept);
    const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::optional<std::string> key() {
    if (rest_.empty() || !(is_lower(rest_.front()) || at('*'))) return std::nullopt;
    return std::string(run([](char c) {
      return is_lower(c) || is_digit(c) || std::string_view("_-.*").find(c) != std::string_view::npos;
    }));
  }

  std::optional<DictionaryMember> member() {
    auto name = key();
    if (!name) return std::nullopt;
    Item value;
    if (take('=')) {
      auto given = at('(') ? inner_list() : item();
      if (!given) return std::nullopt;
      value = std::move(*given);
    }
    if (!parameters()) return std::nullopt;
    return DictionaryMember{std::move(*name), value.kind, std::move(value.value)};
  }

  bool parameters() {
    while (take(';')) {
      skip(" ");
      if (!key() || (take('=') && !item())) return false;
    }
    return true;
  }

  std::optional<Item> inner_list() {
    if (!take('(')) return std::nullopt;
    for (;;) {
      skip(" ");
      if (take(')')) return Item{Kind::other, ""};
      if (!item() || !parameters() || !(at(' ') || at(')'))) return std::nullopt;
    }
  }

  std::optional<Item> item() {
    if (rest_.empty()) return std::nullopt;
    const char first = rest_.front();
    if (first == '"') return string();
    if (first == ':') return bytes();
    if (first == '?') return boolean();
    if (first == '-' || is_digit(first)) return number();
    if (first == '*' || is_letter(first)) {
      return Item{Kind::token, std::string(run([](char c) { return is_tchar(c) || c == ':' || c == '/'; }))};
    }
    return std::nullopt;
  }

  std::optional<Item> string() {
    std::string value;
    for (rest_.remove_prefix(1); !rest_.empty();) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return Item{Kind::string, std::move(value)};
      if (c == '\\') {
        if (!at('"') && !at('\\')) return std::nullopt;
        c = rest_.front();
        rest_.remove_prefix(1);
      } else if (c < ' ' || c == 0x7F) {
        return std::nullopt;
      }
      value += c;
    }
    return std::nullopt;
  }

  std::optional<Item> bytes() {
    rest_.remove_prefix(1);
    run([](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '/' || c == '='; });
    if (!take(':')) return std::nullopt;
    return Item{Kind::other, ""};
  }

  std::optional<Item> boolean() {
    rest_.remove_prefix(1);
    if (take('1')) return Item{Kind::yes, ""};
    if (take('0')) return Item{Kind::no, ""};
    return std::nullopt;
  }

  std::optional<Item> number() {
    std::string value;
    if (take('-')) value = "-";
    const auto digits = run(is_digit);
    value += digits;
    if (digits.empty()) return std::nullopt;
    if (take('.')) {
      const auto fraction = run(is_digit);
      if (digits.size() > kDecimalDigits || fraction.empty() || fraction.size() > 3) return std::nullopt;
      return Item{Kind::other, ""};
    }
    if (digits.size() > kIntegerDigits) return std::nullopt;
    return Item{Kind::integer, std::move(value)};
  }

  std::string_view rest_;
};

}  // namespace

std::optional<std::vector<DictionaryMember>> parse_dictionary(std::string_view text) {
  return Parser(text).dictionary();
}

bool is_list(std::string_view text) {
  return Parser(text).is_list();
}

}  // namespace larder::cache
