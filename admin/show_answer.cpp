// SPDX-License-Identifier: MIT
#include "admin/show_answer.h"

#include <algorithm>
#include <array>

#include "admin/show_reports.h"
#include "base/bytes.h"
#include "config/keys.h"

namespace larder::admin {
namespace {

constexpr std::array kChanges{Shown{"serial", "DEVICE", As::text}, Shown{"field", "FIELD", As::text},
                              Shown{"before", "BEFORE", As::text}, Shown{"after", "AFTER", As::text}};
constexpr std::array kAudit{Shown{"time", "TIME", As::time},       Shown{"who", "WHO", As::text},
                            Shown{"address", "FROM", As::text},    Shown{"what", "WHAT", As::text},
                            Shown{"order", "ORDER", As::text},     Shown{"status", "STATUS", As::count},
                            Shown{"problem", "PROBLEM", As::text}, Shown{"refused_besides", "MORE REFUSED", As::count}};
constexpr std::array kWebhooks{Shown{"number", "NO.", As::count},
                               Shown{"url", "URL", As::text},
                               Shown{"format", "FORMAT", As::text},
                               Shown{"events", "EVENTS", As::text},
                               Shown{"queued", "WAITING", As::count},
                               Shown{"dropped", "DROPPED", As::count},
                               Shown{"given_up", "GIVEN UP", As::count},
                               Shown{"last_success", "LAST TOLD", As::time},
                               Shown{"last_failure", "LAST FAILURE", As::time},
                               Shown{"why", "WHY", As::text}};
constexpr std::array kWebhookTests{Shown{"number", "NO.", As::count}, Shown{"url", "URL", As::text},
                                   Shown{"delivered", "TOLD", As::truth}, Shown{"status", "STATUS", As::count},
                                   Shown{"why", "WHY", As::text}};
constexpr std::array kObjects{Shown{"url", "URL", As::text},          Shown{"size_bytes", "SIZE", As::bytes},
                              Shown{"bytes_held", "HELD", As::bytes}, Shown{"complete", "WHOLE", As::truth},
                              Shown{"pinned", "PINNED", As::truth},   Shown{"stored_at", "SINCE", As::time}};

std::string health_of(const Json& part) {
  return part.at("broken").is_null() ? "well" : "BROKEN: " + part.at("broken").get<std::string>();
}

std::string span_text(std::int64_t seconds) {
  const std::int64_t minutes = seconds / 60;
  if (minutes < 60) return std::to_string(minutes) + " min";
  if (minutes < 48 * 60) return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
  return std::to_string(minutes / 1440) + " days";
}

std::string show_totals(const Json& answer) {
  std::string text = answer.at("rows").dump() + " totals of " + answer.at("fetches").dump() + " single fetches: ";
  if (answer.at("wrong").empty()) return text + "all are right\n";
  text += answer.at("repaired").get<bool>() ? "these were wrong and have been put right\n"
                                            : "these are WRONG; larder ledger repair puts them right\n";
  for (const Json& wrong : answer.at("wrong")) {
    text += "  " + wrong.at("table").get<std::string>() + ": " + wrong.at("rows").dump() + "\n";
  }
  return text;
}

std::string show_audit(const Json& answer) {
  const std::string entries =
      answer.at("entries").dump() + " entries, from number " + answer.at("first").dump() + " on";
  if (answer.at("broken_at").is_null()) return entries + ": the record is whole\n";
  return entries + ": the record is BROKEN at number " + answer.at("broken_at").dump() + ": " +
         answer.at("why").get<std::string>() + "\n";
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
    case Subject::totals:
      return show_totals(answer);
    case Subject::bundle:
      return "applications: " + answer.at("applications").dump() +
             ", of these newer than here: " + answer.at("published").dump() + "\n";
    case Subject::erased:
      return show_erased(answer);
    case Subject::import:
      return show_import(answer, width);
    case Subject::changes:
      return show_list(answer, kAudit, width);
    case Subject::audit:
      return show_audit(answer);
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
    case Subject::webhooks:
      return answer.at("items").empty() ? "no webhook is configured\n" : show_list(answer, kWebhooks, width);
    case Subject::webhook_tests:
      return show_list(answer, kWebhookTests, width);
    case Subject::text:
      return answer.at("text").get<std::string>();
    default:
      return show_report(subject, answer, width);
  }
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

std::uint64_t bytes_held_in(const std::string& json) {
  const Json body = Json::parse(json, nullptr, false);
  const bool told = body.is_object() && body.contains("store") && body["store"].is_object();
  return told ? body["store"].value("bytes_held", std::uint64_t{0}) : 0;
}

bool is_whole(const std::string& json) {
  const Json answer = Json::parse(json, nullptr, false);
  return answer.is_object() && answer.contains("broken_at") && answer["broken_at"].is_null();
}

std::string order_json(const std::string& url) {
  return Json{{"url", url}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string id_json(const std::string& id) {
  return Json{{"id", id}}.dump();
}

std::string webhook_json(const std::string& webhook) {
  return Json{{"webhook", webhook}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool all_delivered(const std::string& json) {
  const Json answer = Json::parse(json, nullptr, false);
  if (!answer.is_object() || !answer.contains("items")) return false;
  return std::all_of(answer["items"].begin(), answer["items"].end(),
                     [](const Json& each) { return each.value("delivered", false); });
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
