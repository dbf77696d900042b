// SPDX-License-Identifier: MIT
#include "reports/access_lines.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "reports/identity.h"

namespace larder::reports {
namespace {

using Json = nlohmann::ordered_json;

enum class Spaces { escaped, kept };

std::string escaped(std::string_view text, Spaces spaces = Spaces::escaped) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool plain = (c > ' ' || (c == ' ' && spaces == Spaces::kept)) && c <= '~';
    if (plain && c != '"' && c != '\\') {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'\\', 'x', kDigits[byte >> 4U], kDigits[byte & 15U]};
    }
  }
  return out;
}

std::string_view without_query(std::string_view url) {
  return url.substr(0, url.find_first_of("?#"));
}

WallTime end_of(const FetchRecord& fetch) {
  return fetch.time + fetch.duration;
}

// "27/Nov/2026:02:20:11 +0000", in the machine's time zone, in English whatever its language.
std::string local_time(WallTime time) {
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  std::tm parts{};
  localtime_r(&seconds, &parts);
  const long offset = parts.tm_gmtoff / 60;
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%02d/%s/%04d:%02d:%02d:%02d %c%02ld%02ld", parts.tm_mday,
                kMonths.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                parts.tm_sec, offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
  return text.data();
}

// "2026-11-27T02:20:11.123456Z"
std::string precise_time(WallTime time) {
  std::string text = to_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  const auto rest = (time - std::chrono::floor<std::chrono::seconds>(time)).count();
  std::array<char, 16> fraction{};
  std::snprintf(fraction.data(), fraction.size(), ".%06ldZ", static_cast<long>(rest));
  text.pop_back();
  return text + fraction.data();
}

std::string client_of(const FetchRecord& fetch, Whose whose) {
  return whose == Whose::told ? fetch.client.text() : "";
}

std::string token_of(const FetchRecord& fetch, Whose whose) {
  return whose == Whose::told && is_device_token(fetch.token) ? fetch.token : "";
}

// What a request is not known to have said. By server name (sni) there is none: what it asks for is a CONNECT's.
const RequestWords& words_of(const FetchRecord& fetch) {
  static const RequestWords connect{"CONNECT", "HTTP/1.1", ""};
  static const RequestWords nothing;
  if (fetch.words) return *fetch.words;
  return fetch.entrance == Entrance::sni ? connect : nothing;
}

std::string agent_of(const FetchRecord& fetch, Whose whose) {
  return whose == Whose::told ? words_of(fetch).user_agent : "";
}

std::string_view referer_of(const FetchRecord& fetch, Whose whose) {
  return whose == Whose::told ? without_query(words_of(fetch).referer) : std::string_view();
}

}  // namespace

std::string combined_line(const FetchRecord& fetch, Whose whose) {
  const auto or_dash = [](std::string_view text, Spaces spaces = Spaces::escaped) {
    return text.empty() ? std::string("-") : escaped(text, spaces);
  };
  const RequestWords& words = words_of(fetch);
  return or_dash(client_of(fetch, whose)) + " - " + or_dash(token_of(fetch, whose)) + " [" + local_time(end_of(fetch)) +
         "] \"" + or_dash(words.method) + " " + or_dash(without_query(fetch.subject->url)) + " " +
         or_dash(words.protocol) + "\" " + std::to_string(fetch.status) + " " + std::to_string(fetch.bytes_sent) +
         " \"" + or_dash(referer_of(fetch, whose), Spaces::kept) + "\" \"" +
         or_dash(agent_of(fetch, whose), Spaces::kept) + "\"\n";
}

std::string json_line(const FetchRecord& fetch, Whose whose) {
  const FetchSubject& subject = *fetch.subject;
  const Json json{{"time", precise_time(end_of(fetch))},
                  {"client", client_of(fetch, whose)},
                  {"token", token_of(fetch, whose)},
                  {"user_agent", agent_of(fetch, whose)},
                  {"referer", referer_of(fetch, whose)},
                  {"entrance", to_string(fetch.entrance)},
                  {"answered", to_string(fetch.answered)},
                  {"status", fetch.status},
                  {"method", words_of(fetch).method},
                  {"url", without_query(subject.url)},
                  {"protocol", words_of(fetch).protocol},
                  {"product", subject.product},
                  {"version", subject.version},
                  {"build", subject.build},
                  {"kind", to_string(subject.kind)},
                  {"bytes_asked", fetch.bytes_asked},
                  {"bytes_sent", fetch.bytes_sent},
                  {"bytes_from_origin", fetch.bytes_from_origin},
                  {"duration_ms", static_cast<double>(fetch.duration.count()) / 1000},
                  {"complete", fetch.complete}};
  return json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::vector<std::string> journal_fields(const FetchRecord& fetch, Whose whose) {
  const FetchSubject& subject = *fetch.subject;
  const std::string url(without_query(subject.url));
  const std::string device = token_of(fetch, whose);
  std::vector<std::string> fields{
      "MESSAGE=" + std::string(to_string(fetch.answered)) + " " + std::to_string(fetch.status) + " " + url,
      "PRIORITY=6",
      "LARDER_ENTRANCE=" + std::string(to_string(fetch.entrance)),
      "LARDER_ANSWERED=" + std::string(to_string(fetch.answered)),
      "LARDER_STATUS=" + std::to_string(fetch.status),
      "LARDER_METHOD=" + words_of(fetch).method,
      "LARDER_URL=" + url,
      "LARDER_PRODUCT=" + subject.product,
      "LARDER_VERSION=" + subject.version,
      "LARDER_BYTES_SENT=" + std::to_string(fetch.bytes_sent),
      "LARDER_BYTES_FROM_ORIGIN=" + std::to_string(fetch.bytes_from_origin),
      "LARDER_DURATION_US=" + std::to_string(fetch.duration.count())};
  if (whose == Whose::told) fields.push_back("LARDER_CLIENT=" + fetch.client.text());
  if (const std::string agent = agent_of(fetch, whose); !agent.empty()) fields.push_back("LARDER_USER_AGENT=" + agent);
  if (!device.empty()) fields.push_back("LARDER_DEVICE=" + device);
  return fields;
}

}  // namespace larder::reports
