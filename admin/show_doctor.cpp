// SPDX-License-Identifier: MIT
#include "admin/show_doctor.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "admin/text_table.h"
#include "base/text.h"

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

}  // namespace

Result<ShownFindings> show_findings(const std::string& json, std::size_t width, Colours colours) {
  try {
    const Json answer = Json::parse(json);
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
  } catch (const Json::exception& failure) {
    return fail(ErrorKind::invalid, std::string("this is not larderd's answer (") + failure.what() +
                                        "); is --admin the address of listen.admin, and is larderd of this version?");
  }
}

}  // namespace larder::admin
