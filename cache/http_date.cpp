// SPDX-License-Identifier: MIT
// HTTP-date in its three forms: Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT; Sun Nov  6 08:49:37
// 1994.
#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"
#include "cache/freshness.h"

namespace larder::cache {
namespace {

// Reads a date from left to right; the first thing that is not as expected spoils it for good.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : left_(text) {}

  bool good() const { return good_; }
  bool good_to_the_end() const { return good_ && left_.empty(); }
  char next() const { return left_.empty() ? '\0' : left_.front(); }

  void expect(std::string_view text) {
    if (!left_.starts_with(text)) return spoil();
    left_.remove_prefix(text.size());
  }

  int number(std::size_t digits) {
    const auto value = left_.size() >= digits ? parse_decimal(left_.substr(0, digits)) : std::nullopt;
    if (!value) {
      spoil();
      return 0;
    }
    left_.remove_prefix(digits);
    return static_cast<int>(*value);
  }

  // The position of the name that comes next, from 0.
  template <std::size_t N>
  int one_of(const std::array<std::string_view, N>& names) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!left_.starts_with(names[i])) continue;
      left_.remove_prefix(names[i].size());
      return static_cast<int>(i);
    }
    spoil();
    return 0;
  }

  void spoil() { good_ = false; }

 private:
  std::string_view left_;
  bool good_ = true;
};

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> kLongDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                       "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Parts {
  int year = 0;
  int month = 0;  // from 0
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

void read_time(DateReader& reader, Parts& parts) {
  parts.hour = reader.number(2);
  reader.expect(":");
  parts.minute = reader.number(2);
  reader.expect(":");
  parts.second = reader.number(2);
}

bool read_fixdate(DateReader reader, Parts& parts) {
  reader.one_of(kDays);
  reader.expect(", ");
  parts.day = reader.number(2);
  reader.expect(" ");
  parts.month = reader.one_of(kMonths);
  reader.expect(" ");
  parts.year = reader.number(4);
  reader.expect(" ");
  read_time(reader, parts);
  reader.expect(" GMT");
  return reader.good_to_the_end();
}

// RFC 9110 5.6.7: a year that would be more than 50 years from now is one of the last century.
int full_year(int two_digits) {
  const auto today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
  const int this_year = static_cast<int>(std::chrono::year_month_day(today).year());
  const int ahead = (two_digits - this_year % 100 + 100) % 100;
  return this_year + (ahead > 50 ? ahead - 100 : ahead);
}

bool read_rfc850(DateReader reader, Parts& parts) {
  reader.one_of(kLongDays);
  reader.expect(", ");
  parts.day = reader.number(2);
  reader.expect("-");
  parts.month = reader.one_of(kMonths);
  reader.expect("-");
  parts.year = reader.number(2);
  parts.year = full_year(parts.year);
  reader.expect(" ");
  read_time(reader, parts);
  reader.expect(" GMT");
  return reader.good_to_the_end();
}

bool read_asctime(DateReader reader, Parts& parts) {
  reader.one_of(kDays);
  reader.expect(" ");
  parts.month = reader.one_of(kMonths);
  reader.expect(" ");
  if (reader.next() == ' ') {
    reader.expect(" ");
    parts.day = reader.number(1);
  } else {
    parts.day = reader.number(2);
  }
  reader.expect(" ");
  read_time(reader, parts);
  reader.expect(" ");
  parts.year = reader.number(4);
  return reader.good_to_the_end();
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text) {
  namespace chrono = std::chrono;
  Parts parts;
  const DateReader reader(trim(text));
  if (!read_fixdate(reader, parts) && !read_rfc850(reader, parts) && !read_asctime(reader, parts)) return std::nullopt;
  const chrono::year_month_day date(chrono::year(parts.year), chrono::month(static_cast<unsigned>(parts.month) + 1),
                                    chrono::day(static_cast<unsigned>(parts.day)));
  // 60 is a leap second.
  if (!date.ok() || parts.hour > 23 || parts.minute > 59 || parts.second > 60) return std::nullopt;
  const auto time = chrono::sys_days(date) + chrono::hours(parts.hour) + chrono::minutes(parts.minute) +
                    chrono::seconds(parts.second);
  return chrono::time_point_cast<WallTime::duration>(time);
}

}  // namespace larder::cache
