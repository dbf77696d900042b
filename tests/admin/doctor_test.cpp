// SPDX-License-Identifier: MIT
#include "admin/doctor.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <future>
#include <nlohmann/json.hpp>

#include "admin/show_doctor.h"
#include "site.h"

using namespace larder;
using namespace larder::admin;
using Json = nlohmann::json;

namespace {

constexpr const char* kOrigins = R"(storage.path = "/tmp"
listen.http = ["127.0.0.1:1"]
[origins]
vendors = []
[[origins.host]]
name = "files.example:8443"
scheme = "https"
connect_to = "127.0.0.1:9"
)";

Json finding(Site& site, const std::string& check, const std::string& target = "/api/v1/doctor") {
  const Answer answer = site.get(target);
  REQUIRE(answer.status == 200);
  const Json all = Json::parse(answer.body).at("checks");
  const auto found = std::find_if(all.begin(), all.end(), [&](const Json& one) { return one.at("check") == check; });
  return found == all.end() ? Json() : *found;
}

proxy::Probed answered(const std::string& url, int status) {
  proxy::Probed probed;
  probed.url = url;
  probed.status = status;
  return probed;
}

}  // namespace

TEST_CASE("the worst finding decides the verdict") {
  CHECK(worst({}) == Verdict::good);
  CHECK(worst({{"a", "", Verdict::good, "", ""}, {"b", "", Verdict::warning, "", ""}}) == Verdict::warning);
  CHECK(worst({{"a", "", Verdict::bad, "", ""}, {"b", "", Verdict::warning, "", ""}}) == Verdict::bad);
}

TEST_CASE("the doctor asks each host that is configured by its own port and scheme") {
  Site site(kOrigins);
  std::vector<std::string> asked;
  site.probe = [&](const std::vector<std::string>& urls, std::chrono::milliseconds) {
    asked = urls;
    return std::vector{answered(urls.front(), 503)};
  };
  const Json origin = finding(site, "origin");
  CHECK(asked == std::vector<std::string>{"https://files.example:8443/"});
  CHECK(origin.at("subject") == "https://files.example:8443/");
  CHECK(origin.at("verdict") == "warning");
  CHECK(finding(site, "clock").at("verdict") == "warning");
  CHECK(finding(site, "origin", "/api/v1/doctor?offline=true").is_null());
}

TEST_CASE("the clock is off when most origins say so") {
  Site site(kOrigins);
  std::vector<int> offsets;
  site.probe = [&](const std::vector<std::string>& urls, std::chrono::milliseconds) {
    std::vector<proxy::Probed> all;
    for (const int seconds : offsets) {
      all.push_back(answered(urls.front(), 200));
      all.back().our_time = site.clock.now();
      all.back().their_time = site.clock.now() + std::chrono::seconds(seconds);
    }
    return all;
  };
  const auto verdict = [&](std::vector<int> all) {
    offsets = std::move(all);
    return finding(site, "clock").at("verdict").get<std::string>();
  };
  CHECK(verdict({0, 5, -5}) == "good");
  CHECK(verdict({0, 86400, 1}) == "good");
  CHECK(verdict({299, 298, 297}) == "warning");
  CHECK(verdict({301, 302, 0}) == "bad");
  CHECK(verdict({-301}) == "bad");
}

TEST_CASE("a port on which nobody listens is bad") {
  Site site("storage.path = \"/tmp\"\nlisten.http = [\"127.0.0.1:1\"]\n");
  const Json listener = finding(site, "listener", "/api/v1/doctor?offline=true");
  CHECK(listener.at("subject") == "http 127.0.0.1:1");
  CHECK(listener.at("verdict") == "bad");
  CHECK_FALSE(listener.at("remedy").is_null());
}

TEST_CASE("what was set aside is a warning, and what is broken is bad") {
  Site site(kOrigins);
  CHECK(finding(site, "environments").at("verdict") == "good");
  Site aside(kOrigins);
  aside.ledger.current.set_aside = {"ledger.broken-1"};
  CHECK(finding(aside, "environments").at("verdict") == "warning");
  Site broken(kOrigins);
  broken.store.current.broken = "no such disk";
  CHECK(finding(broken, "environments").at("verdict") == "bad");
}

TEST_CASE("a second examination is refused while one is at work") {
  Site site(kOrigins);
  std::promise<void> began;
  std::promise<void> go;
  site.probe = [&](const std::vector<std::string>&, std::chrono::milliseconds) {
    began.set_value();
    go.get_future().wait();
    return std::vector<proxy::Probed>{};
  };
  (void)site.port();
  auto first = std::async(std::launch::async, [&] { return site.get("/api/v1/doctor").status; });
  began.get_future().wait();
  CHECK(site.get("/api/v1/doctor").status == 503);
  go.set_value();
  CHECK(first.get() == 200);
}

TEST_CASE("findings are lines with their remedies below, coloured on a terminal alone") {
  const std::string json =
      R"({"time":"","verdict":"bad","checks":[)"
      R"({"check":"clock","subject":null,"verdict":"good","found":"it goes","remedy":null},)"
      R"({"check":"origin","subject":"http://a/","verdict":"bad","found":"refused","remedy":"mend it"}]})";
  const auto plain = show_findings(json, 0, Colours::none);
  REQUIRE(plain);
  CHECK(plain->bad);
  CHECK(plain->text ==
        "good     clock   it goes\n"
        "bad      origin  http://a/: refused\n"
        "                 -> mend it\n"
        "\nSomething is bad; what follows \"->\" mends it.\n");
  const auto coloured = show_findings(json, 0, Colours::terminal);
  REQUIRE(coloured);
  CHECK(coloured->text.find("\033[32mgood\033[0m     clock") != std::string::npos);
  CHECK_FALSE(show_findings("{}", 0, Colours::none));
}
