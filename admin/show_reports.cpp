// SPDX-License-Identifier: MIT
#include "admin/show_reports.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "admin/text_table.h"
#include "base/bytes.h"

namespace larder::admin {
namespace {

constexpr std::array kVersions{Shown{"product", "PRODUCT", As::text},
                               Shown{"version", "VERSION", As::text},
                               Shown{"build", "BUILD", As::text},
                               Shown{"devices_complete", "DEVICES", As::count},
                               Shown{"devices_partly", "PARTLY", As::count},
                               Shown{"bytes_sent", "SENT", As::bytes},
                               Shown{"first_fetch", "FIRST", As::time},
                               Shown{"last_fetch", "LAST", As::time}};
constexpr std::array kReleases{Shown{"product", "PRODUCT", As::text},
                               Shown{"version", "VERSION", As::text},
                               Shown{"marketing_version", "KNOWN AS", As::text},
                               Shown{"channel", "CHANNEL", As::text},
                               Shown{"released", "RELEASED", As::time},
                               Shown{"first_seen", "FIRST SEEN", As::time},
                               Shown{"size_bytes", "SIZE", As::bytes},
                               Shown{"devices_complete", "DEVICES", As::count},
                               Shown{"devices_of_product", "OF", As::count},
                               Shown{"days_to_half", "DAYS TO 50 %", As::days},
                               Shown{"days_to_most", "TO 90 %", As::days}};
constexpr std::array kDevices{Shown{"id", "DEVICE", As::text},           Shown{"evidence", "KNOWN BY", As::text},
                              Shown{"name", "NAME", As::text},           Shown{"group", "GROUP", As::text},
                              Shown{"address", "ADDRESS", As::text},     Shown{"os", "OS", As::text},
                              Shown{"os_version", "VERSION", As::text},  Shown{"os_build", "BUILD", As::text},
                              Shown{"requests", "REQUESTS", As::count},  Shown{"bytes_sent", "SENT", As::bytes},
                              Shown{"last_seen", "LAST SEEN", As::time}, Shown{"newest", "HAS", As::versions}};
constexpr std::array kTraffic{
    Shown{"hour", "HOUR", As::time},         Shown{"product", "PRODUCT", As::text},
    Shown{"entrance", "ENTRANCE", As::text}, Shown{"requests", "REQUESTS", As::count},
    Shown{"bytes_sent", "SENT", As::bytes},  Shown{"bytes_from_origin", "FROM ORIGIN", As::bytes},
    Shown{"saved_bytes", "SAVED", As::bytes}};
constexpr std::array kLagging{Shown{"device", "DEVICE", As::text},
                              Shown{"name", "NAME", As::text},
                              Shown{"group", "GROUP", As::text},
                              Shown{"product", "PRODUCT", As::text},
                              Shown{"version", "HAS", As::text},
                              Shown{"newest_version", "NEWEST", As::text},
                              Shown{"releases_behind", "RELEASES", As::count},
                              Shown{"days_behind", "DAYS", As::count},
                              Shown{"last_seen", "LAST SEEN", As::time}};
constexpr std::array kProducts{Shown{"product", "PRODUCT", As::text}, Shown{"version", "VERSION", As::text},
                               Shown{"build", "BUILD", As::text},     Shown{"complete", "WHOLE", As::truth},
                               Shown{"fraction", "PART", As::share},  Shown{"bytes_sent", "SENT", As::bytes},
                               Shown{"last_fetch", "LAST", As::time}};
constexpr std::array kFetches{Shown{"time", "TIME", As::time},
                              Shown{"answered", "ANSWERED", As::text},
                              Shown{"status", "STATUS", As::count},
                              Shown{"bytes_sent", "SENT", As::bytes},
                              Shown{"product", "PRODUCT", As::text},
                              Shown{"version", "VERSION", As::text},
                              Shown{"from_version", "FROM", As::text},
                              Shown{"evidence", "KNOWN BY", As::text},
                              Shown{"url", "URL", As::text}};
constexpr std::array kEachFetch{Shown{"time", "TIME", As::time},
                                Shown{"device", "DEVICE", As::text},
                                Shown{"entrance", "ENTRANCE", As::text},
                                Shown{"answered", "ANSWERED", As::text},
                                Shown{"status", "STATUS", As::count},
                                Shown{"bytes_sent", "SENT", As::bytes},
                                Shown{"product", "PRODUCT", As::text},
                                Shown{"version", "VERSION", As::text},
                                Shown{"url", "URL", As::text}};
constexpr std::array kAdoption{Shown{"product", "PRODUCT", As::text},  Shown{"version", "VERSION", As::text},
                               Shown{"build", "BUILD", As::text},      Shown{"day", "DAY", As::day},
                               Shown{"devices_new", "NEW", As::count}, Shown{"devices_complete", "DEVICES", As::count}};

// The rows' first column has the name of what they are added up by.
std::string show_sums(const Json& answer, std::size_t width) {
  if (answer.at("items").empty()) return "nothing on record\n";
  const std::string by = answer.at("items").front().begin().key();
  std::string title = by;
  std::transform(title.begin(), title.end(), title.begin(), [](unsigned char c) { return std::toupper(c); });
  const bool time = by == "hour" || by == "day";
  const std::array shown{Shown{by.c_str(), title.c_str(), time ? As::time : As::text},
                         Shown{"requests", "REQUESTS", As::count}, Shown{"bytes_sent", "SENT", As::bytes},
                         Shown{"bytes_from_origin", "FROM ORIGIN", As::bytes},
                         Shown{"saved_bytes", "SAVED", As::bytes}};
  return show_rows(answer.at("items"), shown, width);
}

// Sentences, and what to do beneath each.
std::string show_problems(const Json& answer, std::size_t width) {
  if (answer.at("items").empty()) return "there are none: all is well\n";
  std::string text;
  for (const Json& row : answer.at("items")) {
    const std::string last = row.at("last").is_null() ? "" : short_time(row.at("last").get<std::string>()) + "  ";
    text += last + row.at("kind").get<std::string>() + "\n";
    text += wrapped(row.at("what").get<std::string>(), 4, width);
    if (row.at("url").is_string()) {
      const std::string status = row.at("status").is_null() ? "" : " (" + row.at("status").dump() + ")";
      text += "    the newest: " + row.at("url").get<std::string>() + status + "\n";
    }
    text += wrapped("-> " + row.at("remedy").get<std::string>(), 4, width);
  }
  return text;
}

std::string show_summary(const Json& a) {
  const auto bytes = [&](const char* name) { return format_bytes(a.at(name).get<std::uint64_t>()); };
  Facts facts{{"requests", a.at("requests").dump()},
              {"devices", a.at("devices").dump()},
              {"sent to clients", bytes("bytes_sent")},
              {"from origins", bytes("bytes_from_origin")},
              {"of Larder's own accord", bytes("bytes_from_origin_own")},
              {"saved", bytes_text(a.at("saved_bytes"))},
              {"saved, of bytes", percent(a.at("hit_ratio_bytes").get<double>())},
              {"saved, of requests", percent(a.at("hit_ratio_requests").get<double>())}};
  if (!a.at("saved_money").is_null()) {
    facts.emplace_back("saved, in money",
                       with_decimals(a.at("saved_money"), 2) + " " + a.at("currency").get<std::string>());
  }
  if (!a.at("saved_hours").is_null())
    facts.emplace_back("saved, of the line", with_decimals(a.at("saved_hours"), 2) + " h");
  return show_facts(facts);
}

std::string show_device(const Json& a, std::size_t width) {
  Json one = Json::array({a});
  return show_rows(one, kDevices, width) + "\n" + show_rows(a.at("products"), kProducts, width) + "\n" +
         show_rows(a.at("recent"), kFetches, width);
}

}  // namespace

std::string show_report(Subject subject, const Json& answer, std::size_t width) {
  switch (subject) {
    case Subject::summary:
      return show_summary(answer);
    case Subject::versions:
      return show_list(answer, kVersions, width);
    case Subject::releases:
      return show_list(answer, kReleases, width);
    case Subject::devices:
      return show_list(answer, kDevices, width);
    case Subject::device:
      return show_device(answer, width);
    case Subject::traffic:
      return show_list(answer, kTraffic, width);
    case Subject::sums:
      return show_sums(answer, width);
    case Subject::fetches:
      return show_list(answer, kEachFetch, width);
    case Subject::adoption:
      return show_list(answer, kAdoption, width);
    case Subject::problems:
      return show_problems(answer, width);
    case Subject::lagging:
      return show_list(answer, kLagging, width);
    default:
      return {};
  }
}

}  // namespace larder::admin
