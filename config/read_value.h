// SPDX-License-Identifier: MIT
// Reading one key's value in the type the key has. Each function returns nothing after it has said what is wrong.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/document.h"
#include "config/problems.h"

namespace larder::config {

// Problems of one key: its name goes in front of each.
class KeyProblems {
 public:
  KeyProblems(Problems& problems, std::string_view key) : problems_(problems), key_(key) {}
  void add(std::uint32_t line, const std::string& message) { problems_.add(line, std::string(key_) + ": " + message); }

 private:
  Problems& problems_;
  std::string_view key_;
};

// Calls `each` with the line and text of every element of a list, which may refuse it; says what is wrong with what is
// no text and with repetitions. Whether all were good.
using OnText = std::function<bool(std::uint32_t line, const std::string& text)>;
bool for_each_text(const Value& value, KeyProblems& problems, const OnText& each);

std::optional<std::string> read_text(const Value& value, KeyProblems& problems);
std::optional<std::uint64_t> read_size(const Value& value, KeyProblems& problems);
std::optional<BytesPerSecond> read_rate(const Value& value, KeyProblems& problems);         // 0 for ""
std::optional<std::filesystem::path> read_path(const Value& value, KeyProblems& problems);  // absolute, or empty
std::optional<std::string> read_choice(const Value& value, std::initializer_list<std::string_view> choices,
                                       KeyProblems& problems);

struct CountRange {
  std::uint32_t least;
  std::uint32_t most;
};
std::optional<std::uint32_t> read_count(const Value& value, CountRange range, KeyProblems& problems);

struct SpanRange {
  std::chrono::seconds least;
  std::chrono::seconds most;
};
std::optional<std::chrono::seconds> read_duration(const Value& value, SpanRange range, KeyProblems& problems);

std::optional<bool> read_switch(const Value& value, KeyProblems& problems);  // true or false
// Absolute paths; no duplicates.
std::optional<std::vector<std::filesystem::path>> read_paths(const Value& value, KeyProblems& problems);
// Numeric addresses to listen on; no duplicates.
std::optional<std::vector<Endpoint>> read_listeners(const Value& value, KeyProblems& problems);
// Numeric addresses of nameservers, port 53 where none is written; no duplicates.
std::optional<std::vector<Endpoint>> read_nameservers(const Value& value, KeyProblems& problems);
// Numeric addresses with ports, as clients are told of them; no duplicates.
std::optional<std::vector<Endpoint>> read_servers(const Value& value, KeyProblems& problems);
// A host name or a numeric address without a port, or empty. Lower case.
std::optional<std::string> read_host(const Value& value, KeyProblems& problems);
// Networks, "private" expanded; no duplicates.
std::optional<std::vector<Network>> read_networks(const Value& value, KeyProblems& problems);
// Names out of `known`; no duplicates.
std::optional<std::vector<std::string>> read_names(const Value& value, const std::vector<std::string_view>& known,
                                                   KeyProblems& problems);
// http:// or https:// URLs; no duplicates.
std::optional<std::vector<std::string>> read_urls(const Value& value, KeyProblems& problems);
// http://[user:password@]host[:port] or https://..., or empty.
std::optional<std::string> read_proxy_url(const Value& value, KeyProblems& problems);

}  // namespace larder::config
