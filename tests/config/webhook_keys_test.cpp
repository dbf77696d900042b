// SPDX-License-Identifier: MIT
#include "config/webhook_keys.h"

#include <catch2/catch.hpp>
#include <string>

#include "config/keys.h"
#include "config/load.h"

using namespace larder::config;

namespace {

std::string problem_of(const std::string& toml) {
  const Loaded loaded = load_text(toml, "larder.toml");
  return loaded.problems.empty() ? "" : loaded.problems.front().text();
}

const std::string kSlack = "[[webhooks.hook]]\nurl = \"https://hooks.slack.com/services/T0/B0/verysecret\"\n";

}  // namespace

TEST_CASE("a webhook is read with its defaults") {
  const Loaded loaded = load_text(kSlack + "format = \"slack\"\nevents = [\"disk\"]\n\n[[webhooks.hook]]\n" +
                                      "url = \"http://[::1]:8000/\"\n\n[webhooks]\nspread_percent = 50\n",
                                  "larder.toml");
  for (const auto& problem : loaded.problems) UNSCOPED_INFO(problem.text());
  REQUIRE(loaded.config != nullptr);
  const auto& hooks = loaded.config->webhooks.hooks;
  REQUIRE(hooks.size() == 2);
  CHECK(hooks[0].url == "https://hooks.slack.com/services/T0/B0/verysecret");
  CHECK(hooks[0].format == "slack");
  CHECK(hooks[0].events == std::vector<std::string>{"disk"});
  CHECK(hooks[1].format == "json");
  CHECK(hooks[1].events.empty());
  CHECK(loaded.config->webhooks.spread_percent == 50);
}

TEST_CASE("what is wrong with a webhook is said with its line") {
  using Catch::Contains;
  CHECK_THAT(problem_of("[[webhooks.hook]]\nformat = \"json\"\n"), Contains("larder.toml:1: webhooks.hook: the table"));
  CHECK_THAT(problem_of("[[webhooks.hook]]\nurl = \"ftp://x/\"\n"), Contains("larder.toml:2: webhooks.hook.url"));
  for (const char* url : {"https://", "https:///x", "https://a b/", "https://h:0/", "https://h/#x", "gopher://h/"}) {
    CHECK_THAT(problem_of(std::string("[[webhooks.hook]]\nurl = \"") + url + "\"\n"), Contains("webhooks.hook.url"));
  }
  CHECK_THAT(problem_of(kSlack + "format = \"discord\"\n"), Contains("larder.toml:3: webhooks.hook.format"));
  CHECK_THAT(problem_of(kSlack + "events = [\"releases\"]\n"), Contains("larder.toml:3: webhooks.hook.events"));
  CHECK_THAT(problem_of(kSlack + "secret_file = \"/nowhere/secret\"\n"),
             Contains("larder.toml:3: webhooks.hook.secret_file: the file /nowhere/secret cannot be read"));
  CHECK_THAT(problem_of(kSlack + kSlack), Contains("larder.toml:4: webhooks.hook.url: this URL has a table already"));
  CHECK_THAT(problem_of("[webhooks]\nspread_percent = 0\n"), Contains("webhooks.spread_percent"));
  CHECK_THAT(problem_of("[webhooks.hook]\nurl = \"http://h/\"\n"), Contains("write [[webhooks.hook]]"));
  std::string many;
  for (std::size_t i = 0; i <= kWebhooks; ++i)
    many += "[[webhooks.hook]]\nurl = \"http://h/" + std::to_string(i) + "\"\n";
  CHECK_THAT(problem_of(many), Contains("more than 16 receivers"));
}

TEST_CASE("of a webhook's URL only the host is shown") {
  CHECK(masked_url("https://hooks.slack.com/services/T0/B0/verysecret") == "https://hooks.slack.com/***");
  CHECK(masked_url("https://user:word@h.example:8443?sig=secret") == "https://***@h.example:8443/***");
  CHECK(masked_url("http://h.example:8000/") == "http://h.example:8000/");
  CHECK(masked_url("http://h.example") == "http://h.example");
  const Loaded loaded = load_text(kSlack, "larder.toml");
  REQUIRE(loaded.config != nullptr);
  for (const Key& key : keys()) CHECK_THAT(key.show(*loaded.config), !Catch::Contains("verysecret"));
}

TEST_CASE("another secret in a webhook's URL is a change that a reload applies") {
  const Loaded before = load_text(kSlack, "larder.toml");
  const Loaded after =
      load_text("[[webhooks.hook]]\nurl = \"https://hooks.slack.com/services/T0/B0/other\"\n", "larder.toml");
  const Changes changes = compare(*before.config, *after.config);
  CHECK(changes.applied == std::vector<std::string>{"webhooks.hook"});
  CHECK(changes.need_restart.empty());
}
