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

TEST_CASE("a device is known by its id before anything else, else the one last seen") {
  Site site;
  const auto device = [&](const std::string& id, const std::string& address, int hours_ago) {
    reports::DeviceRow row;
    row.id = id;
    row.evidence = reports::DeviceEvidence::address;
    row.address = address;
    row.mac = "aa:bb:cc:00:00:01";
    row.last_seen = site.clock.now() - std::chrono::hours(hours_ago);
    return row;
  };
  site.ledger.device_rows = {device("A", "10.0.0.7", 2), device("B", "10.0.0.7", 1), device("10.0.0.8", "10.0.0.9", 9)};
  const auto found = [&](const std::string& who) {
    const Answer answer = site.get("/api/v1/doctor/clients/" + who);
    REQUIRE(answer.status == 200);
    return Json::parse(answer.body);
  };
  CHECK(found("A").at("device").at("id") == "A");
  CHECK(found("10.0.0.7").at("device").at("id") == "B");
  CHECK(found("10.0.0.8").at("device").at("id") == "10.0.0.8");
  CHECK(found("AA:BB:CC:00:00:01").at("device").at("id") == "B");
  CHECK(found("C").at("device").is_null());
  CHECK(found("C").at("verdict") == "bad");
  CHECK(found("A").at("verdict") == "warning");
}

TEST_CASE("of updates that went by https, who has most of them unread is warned of") {
  Site site;
  reports::DeviceRow row;
  row.id = "A";
  row.address = "10.0.0.7";
  row.last_seen = site.clock.now();
  site.ledger.device_rows = {row};
  reports::FetchRecord tunnel;
  tunnel.entrance = reports::Entrance::tunnel;
  tunnel.subject.edit().url = "https://officecdnmac.microsoft.com:443";
  site.ledger.recent = {tunnel};
  const auto verdict = [&](std::uint64_t unread, std::uint64_t kept) {
    Site again;
    again.ledger.device_rows = site.ledger.device_rows;
    again.ledger.recent = site.ledger.recent;
    reports::TrafficRow traffic;
    traffic.requests = 1;
    traffic.entrance = reports::Entrance::tunnel;
    traffic.bytes_sent = unread;
    again.ledger.traffic_rows.push_back(traffic);
    traffic.entrance = reports::Entrance::update_cache;
    traffic.bytes_sent = kept;
    again.ledger.traffic_rows.push_back(traffic);
    const Json one = finding(again, "tunnels", "/api/v1/doctor/clients/A");
    return one.is_null() ? std::string("none") : one.at("verdict").get<std::string>();
  };
  CHECK(verdict(0, 10) == "none");
  CHECK(verdict(10, 11) == "good");
  CHECK(verdict(11, 10) == "warning");
}

TEST_CASE("a device is shown with what it used and what it never did") {
  const std::string json =
      R"({"asked":"A","verdict":"good","device":{"id":"A","evidence":"token","name":"Anna","address":"10.0.0.7","mac":null,)"
      R"("os":"macOS","os_version":"26.1"},"connections":1,"last":{"time":"T","entrance":"proxy","answered":"hit",)"
      R"("status":200,"bytes_sent":5,"url":"http://a/"},"entrances":[{"entrance":"sni","configured":false,"requests":0,)"
      R"("bytes_sent":0,"last_hour":null}],"checks":[]})";
  const auto shown = show_client(json, 0, Colours::none);
  REQUIRE(shown);
  CHECK(shown->text.find("device    A (Anna), known by token\n") == 0);
  CHECK(shown->text.find("system    macOS 26.1\n") != std::string::npos);
  CHECK(shown->text.find("last      T by proxy, hit 200, 5 B: http://a/\n") != std::string::npos);
  CHECK(shown->text.find("never\n") != std::string::npos);
  CHECK_FALSE(show_client("[]", 0, Colours::none));
}
