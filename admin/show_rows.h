// SPDX-License-Identifier: MIT
// Rows and facts of the API's answers as text. Heavy as json.h: for the sources that show answers only. Fields that are
// not there throw, as nlohmann::json does.
#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace larder::admin {

using Json = nlohmann::ordered_json;

// How a value is shown. days: a number of them; day: the date of a time; versions: rows of product and version.
enum class As { text, count, bytes, share, days, time, day, truth, versions };

// One column of a list: where its value is, and how it is shown.
struct Shown {
  const char* field;
  const char* title;
  As as;
};

std::string percent(double share);
std::string bytes_text(const Json& number);  // "1.5 GiB", "-2 KiB"
std::string short_time(std::string time);    // "2026-08-17T15:04:05Z" -> "2026-08-17 15:04"
std::string with_decimals(const Json& number, int decimals);

std::string show_rows(const Json& rows, std::span<const Shown> shown, std::size_t width);
// {"items": [...], "next_cursor": ...}, and how to go on.
std::string show_list(const Json& answer, std::span<const Shown> shown, std::size_t width);

using Facts = std::vector<std::pair<std::string, std::string>>;  // a name and what is so
std::string show_facts(const Facts& facts);

}  // namespace larder::admin
