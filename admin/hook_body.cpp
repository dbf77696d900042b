// SPDX-License-Identifier: MIT
#include "admin/hook_body.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "admin/json.h"

namespace larder::admin {
namespace {

std::string title_of(const Event& event) {
  const std::string sign = event.severity == "error" ? "Error: " : event.severity == "warning" ? "Warning: " : "";
  return sign + event.name + " at " + event.site;
}

std::string facts_of(const Event& event) {
  std::string facts;
  for (const auto& [name, value] : event.fields) {
    const auto* text = std::get_if<std::string>(&value);
    facts += (facts.empty() ? "" : ", ") + name + ": " +
             (text != nullptr ? *text : std::to_string(std::get<std::uint64_t>(value)));
  }
  return facts.empty() ? event.time : facts + " (" + event.time + ")";
}

// What Slack asks to be escaped; it also takes away every way to write a mention or a link.
std::string escaped_for_slack(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// Characters, not bytes, are counted there; so many bytes are never more.
std::string cut(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  text.resize(bytes);
  return text;
}

std::string slack_body(const Event& event) {
  constexpr std::size_t kHeaderMost = 150;
  constexpr std::size_t kTextMost = 3000;
  const auto plain_text = [](std::string text) {
    return Json{{"type", "plain_text"}, {"text", std::move(text)}, {"emoji", false}};
  };
  const Json header{{"type", "header"}, {"text", plain_text(cut(title_of(event), kHeaderMost))}};
  const Json section{{"type", "section"}, {"text", plain_text(cut(event.text, kTextMost))}};
  const Json context{{"type", "context"}, {"elements", Json::array({plain_text(cut(facts_of(event), kTextMost))})}};
  Json blocks = Json::array();
  blocks.push_back(header);
  blocks.push_back(section);
  blocks.push_back(context);
  return dumped(
      {{"text", escaped_for_slack(title_of(event) + ": " + event.text)}, {"mrkdwn", false}, {"blocks", blocks}});
}

std::string teams_body(const Event& event) {
  const auto block = [](Json run) {
    Json inlines = Json::array();
    inlines.push_back(std::move(run));
    return Json{{"type", "RichTextBlock"}, {"inlines", std::move(inlines)}};
  };
  const std::string colour = event.severity == "error"     ? "Attention"
                             : event.severity == "warning" ? "Warning"
                                                           : "Default";
  Json body = Json::array();
  body.push_back(block(
      {{"type", "TextRun"}, {"text", title_of(event)}, {"weight", "Bolder"}, {"size", "Medium"}, {"color", colour}}));
  body.push_back(block({{"type", "TextRun"}, {"text", event.text}}));
  body.push_back(block({{"type", "TextRun"}, {"text", facts_of(event)}, {"isSubtle", true}, {"size", "Small"}}));
  const Json card{{"$schema", "http://adaptivecards.io/schemas/adaptive-card.json"},
                  {"type", "AdaptiveCard"},
                  {"version", "1.4"},
                  {"body", body}};
  Json attachments = Json::array();
  attachments.push_back(
      {{"contentType", "application/vnd.microsoft.card.adaptive"}, {"contentUrl", nullptr}, {"content", card}});
  return dumped({{"type", "message"}, {"attachments", attachments}});
}

}  // namespace

std::string hook_body(const Event& event, std::string_view format) {
  if (format == "slack") return slack_body(event);
  if (format == "teams") return teams_body(event);
  return event_json(event);
}

std::string hook_signature(std::string_view secret, std::int64_t unix_seconds, std::string_view body) {
  const std::string time = std::to_string(unix_seconds);
  const std::string message = time + "." + std::string(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(message.data()), message.size(), digest.data(), &length);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string signature = "t=" + time + ",v1=";
  for (unsigned i = 0; i < length; ++i) {
    signature += kDigits[digest.at(i) >> 4];
    signature += kDigits[digest.at(i) & 0xF];
  }
  return signature;
}

}  // namespace larder::admin
