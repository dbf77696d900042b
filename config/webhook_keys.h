// SPDX-License-Identifier: MIT
// The keys of [[webhooks.hook]], read and shown; the table in keys.cpp names them. Shown are the values of all hooks,
// and of a URL never more than its host: in Slack's and Teams' the path is the secret.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/document.h"
#include "config/read_value.h"

namespace larder::config {

// Each has a queue in memory and on disk. Over it: refused.
inline constexpr std::size_t kWebhooks = 16;

// What Larder tells of: "release_seen", ...
const std::vector<std::string_view>& webhook_events();

// Scheme, host and port; "***" for the rest.
std::string masked_url(std::string_view url);

void set_webhook_url(Webhook& hook, const Value& value, KeyProblems& problems);
void set_webhook_format(Webhook& hook, const Value& value, KeyProblems& problems);
void set_webhook_secret_file(Webhook& hook, const Value& value, KeyProblems& problems);
void set_webhook_events(Webhook& hook, const Value& value, KeyProblems& problems);

std::string show_webhook_urls(const Config& config);
std::string show_webhook_formats(const Config& config);
std::string show_webhook_secret_files(const Config& config);
std::string show_webhook_events(const Config& config);

}  // namespace larder::config
