// SPDX-License-Identifier: MIT
#include "admin/show_doctor.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/text_table.h"
#include "base/bytes.h"

namespace larder::admin {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kVerdictWidth = 9;  // "warning" and a gap

std::string verdict_cell(const std::string& verdict, Colours colours) {
  const std::string padding(kVerdictWidth - std::min(kVerdictWidth, verdict.size()), ' ');
  if (colours == Colours::none) return verdict + padding;
  const char* colour = verdict == "good" ? "\033[32m" : verdict == "warning" ? "\033[33m" : "\033[1;31m";
  return colour + verdict + "\033[0m" + padding;
}

std::string text_or_nothing(const Json& value) {
  return value.is_null() ? std::string{} : value.get<std::string>();
}

// The text behind a margin that its first line already has.
std::string hanging(const std::string& text, std::size_t margin, std::size_t width) {
  return wrapped(text, margin, width).substr(margin);
}

std::string finding_text(const Json& finding, std::size_t check_width, std::size_t width, Colours colours) {
  const std::string check = finding.at("check").get<std::string>();
  const std::string subject = text_or_nothing(finding.at("subject"));
  const std::string remedy = text_or_nothing(finding.at("remedy"));
  const std::size_t margin = kVerdictWidth + check_width + 2;
  std::string text = verdict_cell(finding.at("verdict").get<std::string>(), colours) + check +
                     std::string(check_width - check.size() + 2, ' ');
  text += hanging((subject.empty() ? "" : subject + ": ") + finding.at("found").get<std::string>(), margin, width);
  if (!remedy.empty()) text += wrapped("-> " + remedy, margin, width);
  return text;
}

ShownFindings shown_checks(const Json& answer, std::size_t width, Colours colours) {
  const Json& checks = answer.at("checks");
  std::size_t check_width = 0;
  for (const Json& finding : checks) {
    check_width = std::max(check_width, finding.at("check").get<std::string>().size());
  }
  ShownFindings shown;
  for (const Json& finding : checks) shown.text += finding_text(finding, check_width, width, colours);
  const std::string verdict = answer.at("verdict").get<std::string>();
  shown.bad = verdict == "bad";
  shown.text += std::string("\n") + (verdict == "good"      ? "All is good.\n"
                                     : verdict == "warning" ? "Nothing is bad; see the warnings.\n"
                                                            : "Something is bad; what follows \"->\" mends it.\n");
  return shown;
}

// ---- one device ----

std::string fact(const std::string& name, const std::string& value, std::size_t width) {
  constexpr std::size_t kNameWidth = 10;
  return name + std::string(kNameWidth - name.size(), ' ') + hanging(value, kNameWidth, width);
}

std::string known_text(const Json& answer, std::size_t width) {
  const Json& device = answer.at("device");
  if (device.is_null()) return fact("device", answer.at("asked").get<std::string>() + ": not on record", width);
  const auto optional = [&](const char* field, const std::string& before, const std::string& behind) {
    const std::string value = text_or_nothing(device.at(field));
    return value.empty() ? std::string{} : before + value + behind;
  };
  std::string text = fact("device",
                          device.at("id").get<std::string>() + optional("name", " (", ")") + ", known by " +
                              device.at("evidence").get<std::string>(),
                          width);
  text += fact("address",
               device.at("address").get<std::string>() + optional("mac", ", hardware ", "") + ", " +
                   answer.at("connections").dump() + " connections now",
               width);
  if (const std::string system = optional("os", "", "") + optional("os_version", " ", ""); !system.empty())
    text += fact("system", system, width);
  if (const Json& last = answer.at("last"); !last.is_null()) {
    const std::string url = last.at("url").get<std::string>();  // "" of what was refused
    text += fact("last",
                 last.at("time").get<std::string>() + " by " + last.at("entrance").get<std::string>() + ", " +
                     last.at("answered").get<std::string>() + " " + last.at("status").dump() + ", " +
                     format_bytes(last.at("bytes_sent").get<std::uint64_t>()) + (url.empty() ? "" : ": " + url),
                 width);
  }
  std::vector<std::vector<std::string>> rows;
  for (const Json& entrance : answer.at("entrances")) {
    const bool never = entrance.at("last_hour").is_null();
    rows.push_back({entrance.at("entrance").get<std::string>(), entrance.at("configured").get<bool>() ? "yes" : "no",
                    entrance.at("requests").dump(), format_bytes(entrance.at("bytes_sent").get<std::uint64_t>()),
                    never ? "never" : entrance.at("last_hour").get<std::string>()});
  }
  return text + "\n" +
         text_table({{"ENTRANCE"}, {"OPEN"}, {"REQUESTS", Align::right}, {"SENT", Align::right}, {"LAST HOUR"}}, rows,
                    width);
}

template <class Show>
Result<ShownFindings> read_answer(const std::string& json, Show show) {
  try {
    return show(Json::parse(json));
  } catch (const Json::exception& failure) {
    return fail(ErrorKind::invalid, std::string("this is not larderd's answer (") + failure.what() +
                                        "); is --admin the address of listen.admin, and is larderd of this version?");
  }
}

}  // namespace

Result<ShownFindings> show_findings(const std::string& json, std::size_t width, Colours colours) {
  return read_answer(json, [&](const Json& answer) { return shown_checks(answer, width, colours); });
}

Result<ShownFindings> show_client(const std::string& json, std::size_t width, Colours colours) {
  return read_answer(json, [&](const Json& answer) {
    ShownFindings shown = shown_checks(answer, width, colours);
    shown.text.insert(0, known_text(answer, width) + "\n");
    return shown;
  });
}

}  // namespace larder::admin
