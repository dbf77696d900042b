// SPDX-License-Identifier: MIT
#include "config/webhook_keys.h"

#include <algorithm>

#include "config/network.h"
#include "config/show_value.h"

namespace larder::config {
namespace {

constexpr std::size_t kUrlBytes = 2048;

std::string_view authority_of(std::string_view url) {
  const auto begin = url.find("://") + 3;
  return url.substr(begin, url.find_first_of("/?", begin) - begin);
}

bool is_webhook_url(std::string_view url) {
  if (!url.starts_with("http://") && !url.starts_with("https://")) return false;
  const bool plain = std::all_of(url.begin(), url.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (!plain || url.find_first_of("#\\\"<>") != std::string_view::npos || url.size() > kUrlBytes) return false;
  const std::string_view authority = authority_of(url);
  const std::string host(authority.substr(authority.rfind('@') + 1));
  const bool has_port = host.find(':', host.starts_with('[') ? host.find(']') : 0) != std::string::npos;
  const auto endpoint = Endpoint::parse(has_port ? host : host + ":1");
  return endpoint && endpoint->port != 0;
}

template <class Text>
std::string show_webhooks(const Config& config, const Text& text) {
  std::vector<std::string> texts;
  for (const auto& hook : config.webhooks.hooks) texts.push_back(text(hook));
  return show_list(texts);
}

}  // namespace

const std::vector<std::string_view>& webhook_events() {
  static const std::vector<std::string_view> kEvents{"release_seen",       "release_spread", "catalogue_stale",
                                                     "integrity_mismatch", "disk",           "origin_down"};
  return kEvents;
}

std::string masked_url(std::string_view url) {
  const std::string_view authority = authority_of(url);
  const auto at = authority.rfind('@');
  std::string shown(url.substr(0, url.find("://") + 3));
  shown += at == std::string_view::npos ? authority : "***" + std::string(authority.substr(at));
  const std::string_view rest = url.substr(url.find("://") + 3 + authority.size());
  return rest.size() > 1 ? shown + "/***" : shown + std::string(rest);
}

void set_webhook_url(Webhook& hook, const Value& value, KeyProblems& problems) {
  const auto text = read_text(value, problems);
  if (!text) return;
  if (!is_webhook_url(*text)) {
    problems.add(value.line,
                 "this is no http:// or https:// URL without spaces; copy the whole address that the receiver gives");
    return;
  }
  hook.url = *text;
}

void set_webhook_format(Webhook& hook, const Value& value, KeyProblems& problems) {
  if (auto choice = read_choice(value, {"json", "slack", "teams"}, problems)) hook.format = std::move(*choice);
}

void set_webhook_secret_file(Webhook& hook, const Value& value, KeyProblems& problems) {
  if (auto path = read_path(value, problems)) hook.secret_file = std::move(*path);
}

void set_webhook_events(Webhook& hook, const Value& value, KeyProblems& problems) {
  if (auto names = read_names(value, webhook_events(), problems)) hook.events = std::move(*names);
}

std::string show_webhook_urls(const Config& config) {
  return show_webhooks(config, [](const Webhook& hook) { return masked_url(hook.url); });
}

std::string show_webhook_formats(const Config& config) {
  return show_webhooks(config, [](const Webhook& hook) { return hook.format; });
}

std::string show_webhook_secret_files(const Config& config) {
  return show_webhooks(config, [](const Webhook& hook) { return hook.secret_file.string(); });
}

std::string show_webhook_events(const Config& config) {
  return show_webhooks(config, [](const Webhook& hook) {
    std::string text;
    for (const std::string& event : hook.events) text += (text.empty() ? "" : " ") + event;
    return text;
  });
}

}  // namespace larder::config
