// SPDX-License-Identifier: MIT
#include "admin/show_answer.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>
#include <utility>

#include "admin/text_table.h"
#include "base/bytes.h"
#include "config/keys.h"

namespace larder::admin {
namespace {

using Json = nlohmann::ordered_json;

enum class As { text, count, bytes, share, time, truth };

// One column of a list: where its value is, and how it is shown.
struct Shown {
  const char* field;
  const char* title;
  As as;
};

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
                               Shown{"first_seen", "FIRST SEEN", As::time},
                               Shown{"size_bytes", "SIZE", As::bytes},
                               Shown{"devices_complete", "DEVICES", As::count}};
constexpr std::array kDevices{Shown{"id", "DEVICE", As::text},          Shown{"evidence", "KNOWN BY", As::text},
                              Shown{"name", "NAME", As::text},          Shown{"group", "GROUP", As::text},
                              Shown{"address", "ADDRESS", As::text},    Shown{"os", "OS", As::text},
                              Shown{"os_version", "VERSION", As::text}, Shown{"os_build", "BUILD", As::text},
                              Shown{"requests", "REQUESTS", As::count}, Shown{"bytes_sent", "SENT", As::bytes},
                              Shown{"last_seen", "LAST SEEN", As::time}};
constexpr std::array kTraffic{
    Shown{"hour", "HOUR", As::time},         Shown{"product", "PRODUCT", As::text},
    Shown{"entrance", "ENTRANCE", As::text}, Shown{"requests", "REQUESTS", As::count},
    Shown{"bytes_sent", "SENT", As::bytes},  Shown{"bytes_from_origin", "FROM ORIGIN", As::bytes}};
constexpr std::array kLagging{Shown{"device", "DEVICE", As::text},
                              Shown{"name", "NAME", As::text},
                              Shown{"group", "GROUP", As::text},
                              Shown{"product", "PRODUCT", As::text},
                              Shown{"version", "HAS", As::text},
                              Shown{"newest_version", "NEWEST", As::text},
                              Shown{"releases_behind", "RELEASES", As::count},
                              Shown{"days_behind", "DAYS", As::count},
                              Shown{"last_seen", "LAST SEEN", As::time}};
constexpr std::array kChanges{Shown{"serial", "DEVICE", As::text}, Shown{"field", "FIELD", As::text},
                              Shown{"before", "BEFORE", As::text}, Shown{"after", "AFTER", As::text}};
constexpr std::array kObjects{Shown{"url", "URL", As::text},          Shown{"size_bytes", "SIZE", As::bytes},
                              Shown{"bytes_held", "HELD", As::bytes}, Shown{"complete", "WHOLE", As::truth},
                              Shown{"pinned", "PINNED", As::truth},   Shown{"stored_at", "SINCE", As::time}};
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

std::string percent(double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %%", share * 100);
  return text.data();
}

// "2026-08-17T15:04:05Z" -> "2026-08-17 15:04"
std::string short_time(std::string time) {
  if (time.size() < 16) return time;
  time.resize(16);
  time[10] = ' ';
  return time;
}

std::string cell(const Json& row, const Shown& shown) {
  const Json& value = row.at(shown.field);
  if (value.is_null()) return "-";
  switch (shown.as) {
    case As::text:
      return value.get<std::string>();
    case As::count:
      return std::to_string(value.get<std::uint64_t>());
    case As::bytes:
      return format_bytes(value.get<std::uint64_t>());
    case As::share:
      return percent(value.get<double>());
    case As::time:
      return short_time(value.get<std::string>());
    case As::truth:
      return value.get<bool>() ? "yes" : "no";
  }
  return {};
}

std::string show_rows(const Json& rows, std::span<const Shown> shown, std::size_t width) {
  std::vector<Column> columns;
  for (const auto& column : shown) {
    const bool number = column.as == As::count || column.as == As::bytes || column.as == As::share;
    columns.push_back({column.title, number ? Align::right : Align::left});
  }
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (const auto& column : shown) line.push_back(cell(row, column));
  }
  return text_table(columns, cells, width);
}

std::string show_list(const Json& answer, std::span<const Shown> shown, std::size_t width) {
  if (answer.at("items").empty()) return "nothing on record\n";
  std::string text = show_rows(answer.at("items"), shown, width);
  if (!answer.at("next_cursor").is_null()) {
    text += "\nmore: add --cursor " + answer.at("next_cursor").get<std::string>() + "\n";
  }
  return text;
}

using Facts = std::vector<std::pair<std::string, std::string>>;

std::string show_facts(const Facts& facts) {
  std::size_t widest = 0;
  for (const auto& [name, value] : facts) widest = std::max(widest, name.size());
  std::string text;
  for (const auto& [name, value] : facts) {
    text.append(name).append(widest - name.size() + 2, ' ').append(value).append("\n");
  }
  return text;
}

std::string health_of(const Json& part) {
  return part.at("broken").is_null() ? "well" : "BROKEN: " + part.at("broken").get<std::string>();
}

std::string span_text(std::int64_t seconds) {
  const std::int64_t minutes = seconds / 60;
  if (minutes < 60) return std::to_string(minutes) + " min";
  if (minutes < 48 * 60) return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
  return std::to_string(minutes / 1440) + " days";
}

std::string show_status(const Json& a) {
  const Json& store = a.at("store");
  const Json& counters = a.at("counters");
  const auto bytes = [](const Json& value) { return format_bytes(value.get<std::uint64_t>()); };
  Facts facts{
      {"larderd", a.at("version").get<std::string>() + (a.at("ready").get<bool>() ? ", serving" : ", NOT READY")},
      {"running for", span_text(a.at("uptime_seconds").get<std::int64_t>())},
      {"clients now", a.at("clients_connected").dump()},
      {"fills now", a.at("fills_running").dump()},
      {"requests", counters.at("requests").dump()},
      {"sent to clients", bytes(counters.at("bytes_sent"))},
      {"from origins", bytes(counters.at("bytes_from_origin"))},
      {"cache", bytes(store.at("bytes_held")) + " of " + bytes(store.at("bytes_limit")) + " in " +
                    store.at("objects").dump() + " objects" + (store.at("full").get<bool>() ? ", FULL" : "")},
      {"store", health_of(store)},
      {"ledger", health_of(a.at("ledger")) + ", " + a.at("ledger").at("fetches").dump() + " fetches on record"}};
  for (const auto& problem : a.at("problems")) facts.emplace_back("PROBLEM", problem.get<std::string>());
  for (const auto& origin : a.at("origins_at_rest")) {
    facts.emplace_back("left alone", origin.at("origin").get<std::string>() + ", next tried in " +
                                         origin.at("next_try_seconds").dump() +
                                         " s: " + origin.at("why").get<std::string>());
  }
  return show_facts(facts);
}

std::string with_decimals(const Json& number) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2) << number.get<double>();
  return text.str();
}

std::string show_summary(const Json& a) {
  const auto bytes = [&](const char* name) { return format_bytes(a.at(name).get<std::uint64_t>()); };
  const auto saved = a.at("saved_bytes").get<std::int64_t>();
  const std::string sign = saved < 0 ? "-" : "";
  Facts facts{{"requests", a.at("requests").dump()},
              {"devices", a.at("devices").dump()},
              {"sent to clients", bytes("bytes_sent")},
              {"from origins", bytes("bytes_from_origin")},
              {"of Larder's own accord", bytes("bytes_from_origin_own")},
              {"saved", sign + format_bytes(static_cast<std::uint64_t>(std::abs(saved)))},
              {"saved, of bytes", percent(a.at("hit_ratio_bytes").get<double>())},
              {"saved, of requests", percent(a.at("hit_ratio_requests").get<double>())}};
  if (!a.at("saved_money").is_null()) {
    facts.emplace_back("saved, in money",
                       with_decimals(a.at("saved_money")) + " " + a.at("currency").get<std::string>());
  }
  if (!a.at("saved_hours").is_null())
    facts.emplace_back("saved, of the line", with_decimals(a.at("saved_hours")) + " h");
  return show_facts(facts);
}

std::string show_device(const Json& a, std::size_t width) {
  Json one = Json::array({a});
  return show_rows(one, kDevices, width) + "\n" + show_rows(a.at("products"), kProducts, width) + "\n" +
         show_rows(a.at("recent"), kFetches, width);
}

std::string show_import(const Json& a, std::size_t width) {
  std::string text;
  for (const auto& column : a.at("columns")) {
    text += "taking " + column.at("field").get<std::string>() + " from \"" + column.at("header").get<std::string>() +
            "\"\n";
  }
  if (!a.at("changes").empty()) text += "\n" + show_rows(a.at("changes"), kChanges, width);
  if (a.at("changes_total") > a.at("changes").size()) text += "and more: " + a.at("changes_total").dump() + " in all\n";
  if (!a.at("problems").empty()) text += "\n";
  for (const auto& problem : a.at("problems")) {
    text += "line " + problem.at("line").dump() + ": " + problem.at("problem").get<std::string>() + "\n";
  }
  if (a.at("problems_total") > a.at("problems").size()) {
    text += "and more: " + a.at("problems_total").dump() + " lines in all\n";
  }
  text += std::string("\n") + (a.at("dry_run").get<bool>() ? "would be " : "") + "new: " + a.at("devices_new").dump() +
          ", changed: " + a.at("devices_changed").dump() + ", unchanged: " + a.at("devices_unchanged").dump() + "\n";
  return text;
}

std::string show_erased(const Json& a) {
  std::string ids;
  for (const Json& id : a.at("ids")) ids += (ids.empty() ? "" : ", ") + id.get<std::string>();
  return std::string(a.at("dry_run").get<bool>() ? "would forget\n" : "forgotten\n") +
         show_facts({{"serial number", a.at("serial").get<std::string>()},
                     {"ids", ids},
                     {"requests", a.at("requests").dump()}});
}

std::string show_verification(const Json& a) {
  const std::string state = a.at("state").get<std::string>();
  if (state == "never") return "the cache has not been verified since larderd started\n";
  Facts facts{{"verification", state},
              {"objects", a.at("objects").dump()},
              {"read", format_bytes(a.at("bytes").get<std::uint64_t>())},
              {"chunks damaged", a.at("chunks_corrupt").dump()},
              {"digests wrong", a.at("digests_wrong").dump()}};
  if (!a.at("error").is_null()) facts.emplace_back("error", a.at("error").get<std::string>());
  return show_facts(facts);
}

std::string show_what(const Json& a) {
  Facts facts;
  const auto add = [&](const char* label, const Json& value) {
    if (value.is_null() || value.empty()) return;
    std::string text;
    for (const Json& item : value.is_array() ? value : Json::array({value})) {
      text += (text.empty() ? "" : ", ") + (item.is_string() ? item.get<std::string>() : item.dump());
    }
    facts.emplace_back(label, text);
  };
  add("url", a.at("url"));
  add("product", a.at("product"));
  add("version", a.at("version"));
  add("build", a.at("build"));
  add("kind", a.at("kind"));
  add("from version", a.at("from_version"));
  add("from builds", a.at("from_builds"));
  add("models", a.at("models"));
  add("type", a.at("type"));
  add("known by", a.at("evidence"));
  add("catalogue", a.at("catalogue"));
  if (const Json& published = a.at("published"); !published.is_null()) {
    add("published size", published.at("size_bytes"));
    add("published SHA-256", published.at("sha256"));
    add("published SHA-1", published.at("sha1"));
    add("SHA-1 of its table of contents", published.at("archive_head_sha1"));
    add("list of chunks", published.at("chunk_list"));
  }
  return show_facts(facts);
}

std::string show_tls(const Json& answer) {
  std::string text;
  const Json& certificate = answer.at("certificate");
  if (certificate.is_null()) {
    text = answer.at("listening").get<bool>() ? "no certificate\n" : "no TLS listener (listen.tls in larder.toml)\n";
  } else {
    std::string names;
    for (const Json& name : certificate.at("names")) names += (names.empty() ? "" : ", ") + name.get<std::string>();
    text = "for         " + names + "\nsigned by   " + certificate.at("issuer").get<std::string>() +
           (certificate.at("own_authority").get<bool>() ? " (the site's own, renewed by itself)" : "") +
           "\nuntil       " + certificate.at("not_after").get<std::string>() + "\n";
  }
  if (answer.at("problem").is_string()) text += "PROBLEM     " + answer.at("problem").get<std::string>() + "\n";
  return text;
}

std::string show(Subject subject, const Json& answer, std::size_t width) {
  switch (subject) {
    case Subject::status:
      return show_status(answer);
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
    case Subject::lagging:
      return show_list(answer, kLagging, width);
    case Subject::bundle:
      return "applications: " + answer.at("applications").dump() +
             ", of these newer than here: " + answer.at("published").dump() + "\n";
    case Subject::erased:
      return show_erased(answer);
    case Subject::import:
      return show_import(answer, width);
    case Subject::objects:
      return show_list(answer, kObjects, width);
    case Subject::order:
      return answer.at("done").get<std::string>() + " " + answer.at("url").get<std::string>() + "\n";
    case Subject::verification:
      return show_verification(answer);
    case Subject::what:
      return show_what(answer);
    case Subject::tls:
      return show_tls(answer);
    case Subject::text:
      return answer.at("text").get<std::string>();
  }
  return {};
}

}  // namespace

Result<std::string> show_answer(Subject subject, const std::string& json, std::size_t width) {
  try {
    return show(subject, Json::parse(json), width);
  } catch (const Json::exception& failure) {
    return fail(ErrorKind::invalid, std::string("this is not larderd's answer (") + failure.what() +
                                        "); is --admin the address of listen.admin, and is larderd of this version?");
  }
}

std::string problem_sentence(const std::string& json) {
  const Json body = Json::parse(json, nullptr, false);
  if (body.is_object() && body.contains("detail") && body["detail"].is_string())
    return body["detail"].get<std::string>();
  return json.substr(0, 200);
}

Result<VerificationState> read_verification(const std::string& json) {
  try {
    const Json body = Json::parse(json);
    return VerificationState{
        body.at("state").get<std::string>(), body.at("objects").get<std::uint64_t>(),
        body.at("bytes").get<std::uint64_t>(),
        body.at("chunks_corrupt").get<std::uint64_t>() + body.at("digests_wrong").get<std::uint64_t>()};
  } catch (const Json::exception& failure) {
    return fail(ErrorKind::invalid, std::string("this is not larderd's answer: ") + failure.what());
  }
}

std::string order_json(const std::string& url) {
  return Json{{"url", url}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string id_json(const std::string& id) {
  return Json{{"id", id}}.dump();
}

std::string names_json(const std::vector<std::string>& names) {
  return Json{{"names", names}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string dns_json(const std::string& format, const std::vector<std::string>& addresses, bool https) {
  return Json{{"format", format}, {"addresses", addresses}, {"https", https}}.dump(-1, ' ', false,
                                                                                   Json::error_handler_t::replace);
}

std::string root_in(const std::string& json) {
  const Json answer = Json::parse(json, nullptr, false);
  return answer.is_object() && answer.contains("root") && answer["root"].is_string() ? answer["root"].get<std::string>()
                                                                                     : std::string{};
}

}  // namespace larder::admin
