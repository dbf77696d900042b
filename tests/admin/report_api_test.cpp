// SPDX-License-Identifier: MIT
// Problems, adoption, single fetches, traffic by place, releases of all catalogues, and the totals' reckoning.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <span>

#include "site.h"

using namespace larder;
using namespace larder::admin;
using nlohmann::json;

namespace {

json items(Site& site, const std::string& target) {
  const Answer answer = site.get(target);
  INFO(target << ": " << answer.body);
  REQUIRE(answer.status == 200);
  return json::parse(answer.body)["items"];
}

reports::TroubleRow trouble(const std::string& origin, reports::Entrance entrance, reports::Outcome outcome, int status,
                            const std::string& url) {
  reports::TroubleRow row;
  row.origin = origin;
  row.entrance = entrance;
  row.outcome = outcome;
  row.requests = 3;
  row.bytes_sent = 4096;
  row.last = WallTime(std::chrono::seconds(1'786'979'000));
  row.example.emplace();
  row.example->device = "C02X";
  row.example->fetch.status = status;
  row.example->fetch.subject.edit().url = url;
  return row;
}

}  // namespace

TEST_CASE("what went wrong for devices is told with its newest example and what to do") {
  Site site;
  site.ledger.trouble_rows = {
      trouble("evil.example", reports::Entrance::proxy, reports::Outcome::refused, 403, "http://evil.example/x"),
      trouble("swcdn.apple.com", reports::Entrance::content_cache, reports::Outcome::failed, 502,
              "http://swcdn.apple.com/y"),
      trouble("gdmf.apple.com:444", reports::Entrance::tunnel, reports::Outcome::refused, 403, ""),
      trouble("officecdn.microsoft.com", reports::Entrance::tunnel, reports::Outcome::served, 200, ""),
      trouble("news.example", reports::Entrance::tunnel, reports::Outcome::served, 200, "")};
  const json rows = items(site, "/api/v1/reports/problems");
  REQUIRE(rows.size() == 4);  // what went to hosts that give out no updates is nobody's problem
  CHECK(rows[0]["kind"] == "refused");
  CHECK(rows[0]["what"] == "3 requests for evil.example refused");
  CHECK(rows[0]["status"] == 403);
  CHECK(rows[0]["device"] == "C02X");
  CHECK_THAT(rows[0]["remedy"].get<std::string>(), Catch::Contains("[[origins.host]]"));
  CHECK(rows[1]["kind"] == "failed");
  CHECK_THAT(rows[1]["remedy"].get<std::string>(), Catch::Contains("larder doctor"));
  CHECK(rows[2]["kind"] == "refused");
  CHECK(rows[3]["kind"] == "unread");
  CHECK(rows[3]["count"] == 3);
  CHECK_THAT(rows[3]["remedy"].get<std::string>(), Catch::Contains("larder profile mau"));
  CHECK_THAT(site.get("/api/v1/reports/problems?format=csv").body,
             Catch::Contains("refused,3 requests for evil.example refused,"));
}

TEST_CASE("what is wrong with the house stands first, unless one device or another time is asked about") {
  Site site;
  site.live.mismatches.push_back(
      {site.clock.now(), "http://swcdn.apple.com/a.pkg", "macOS", "26.1", "it is too short"});
  site.live.origins_at_rest.push_back({"swcdn.apple.com:443", "refused", 4, site.clock.now(), 7});
  const json rows = items(site, "/api/v1/reports/problems");
  REQUIRE(rows.size() == 3);
  CHECK(rows[0]["kind"] == "house");
  CHECK(rows[1]["kind"] == "origin");
  CHECK(rows[1]["count"] == 4);
  CHECK(rows[2]["kind"] == "mismatch");
  CHECK(rows[2]["product"] == "macOS");
  for (const json& row : rows) CHECK_FALSE(row["remedy"].get<std::string>().empty());
  CHECK(items(site, "/api/v1/reports/problems?device=C02X").empty());
  CHECK(items(site, "/api/v1/reports/problems?group=staff").empty());
  CHECK(items(site, "/api/v1/reports/problems?product=iOS").empty());
  CHECK(items(site, "/api/v1/reports/problems?to=2026-08-01").empty());
  CHECK(items(site, "/api/v1/reports/problems?product=macOS").size() == 1);
}

TEST_CASE("adoption is told by version and day") {
  Site site;
  site.ledger.adoption_rows = {{"Word", "16.1", "", site.clock.now(), 2, 5},
                               {"Word", "16.2", "", site.clock.now(), 1, 1}};
  const json rows = items(site, "/api/v1/reports/adoption?product=Word&group=staff");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["devices_new"] == 2);
  CHECK(rows[0]["devices_complete"] == 5);
  CHECK(site.ledger.last_filter().group == "staff");
  CHECK(items(site, "/api/v1/reports/adoption?product=Word&version=16.2").size() == 1);
  CHECK(site.get("/api/v1/reports/adoption?product=Word&format=csv").body.starts_with("product,version,build,day,"));
}

TEST_CASE("single fetches come in pages, with whose they were") {
  Site site;
  for (int i = 0; i < 3; ++i) {
    reports::FetchRow row;
    row.device = "C02X" + std::to_string(i);
    row.evidence = reports::DeviceEvidence::lease;
    row.fetch.subject.edit().url = "http://swcdn.apple.com/=cmd()";
    site.ledger.fetch_rows.push_back(row);
  }
  const json page = json::parse(site.get("/api/v1/reports/fetches?limit=2&device=C02X0").body);
  CHECK(page["items"].size() == 2);
  CHECK(page["items"][1]["device"] == "C02X1");
  CHECK(page["items"][1]["device_evidence"] == "lease");
  CHECK(page["next_cursor"] == "2");
  const std::string csv = site.get("/api/v1/reports/fetches?format=csv").body;
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
}

TEST_CASE("traffic is added up by origin and by the clients' network") {
  Site site;
  using reports::Entrance;
  site.ledger.place_rows = {
      {"10.1.2.0/24", "a.example", "Word", Entrance::proxy, reports::Outcome::served, 1, 2, 3, 1, {}, {}},
      {"10.1.3.0/24", "a.example", "", Entrance::proxy, reports::Outcome::failed, 10, 20, 30, -12, {}, {}},
      {"", "b.example", "", Entrance::own, reports::Outcome::served, 0, 0, 100, -100, {}, {}}};
  CHECK(items(site, "/api/v1/reports/traffic?by=origin&group=staff") ==
        json::parse(R"([{"origin":"a.example","requests":11,"bytes_sent":22,"bytes_from_origin":33,"saved_bytes":-11},
                        {"origin":"b.example","requests":0,"bytes_sent":0,"bytes_from_origin":100,"saved_bytes":-100}])"));
  CHECK(site.ledger.last_filter().group == "staff");
  const json networks = items(site, "/api/v1/reports/traffic?by=network");
  REQUIRE(networks.size() == 3);
  CHECK(networks[1]["network"] == "10.1.2.0/24");
  CHECK_THAT(site.get("/api/v1/reports/traffic?by=planet").body, Catch::Contains("origin or network"));
}

TEST_CASE("releases are those of every catalogue, each with how it has spread") {
  Site site;
  const std::string build = R"([{"osStr": "macOS", "version": "15.7", "build": "24G222", "sources": [{"type": "ota",
      "prerequisiteBuild": "22H713", "links": [{"url": "https://updates.cdn-apple.com/2025/a.zip"}]}]},
      {"osStr": "macOS", "version": "15.10", "build": "24H1", "sources": [{"type": "ota",
      "prerequisiteBuild": "22H713", "links": [{"url": "https://updates.cdn-apple.com/2025/b.zip"}]}]}])";
  const auto known = updates::learn_file(updates::Knowledge::empty(), "24G222.json", std::as_bytes(std::span(build)));
  REQUIRE(known);
  site.knowledge = *known;
  const WallTime first = site.clock.now() - std::chrono::hours(36);
  site.ledger.spread_rows = {{"macOS", "15.7", "24G222", 3, 4, first, site.clock.now(), {}}};
  const json rows = items(site, "/api/v1/reports/releases?product=macOS&group=staff");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["version"] == "15.10");
  CHECK(rows[0]["current"] == true);
  CHECK(rows[0]["devices_complete"] == 0);
  CHECK(rows[0]["days_to_half"].is_null());
  CHECK(rows[1]["version"] == "15.7");
  CHECK(rows[1]["current"] == false);
  CHECK(rows[1]["devices_complete"] == 3);
  CHECK(rows[1]["devices_of_product"] == 4);
  CHECK(rows[1]["days_to_half"] == 1.5);
  CHECK(rows[1]["days_to_most"].is_null());
  CHECK(site.ledger.last_filter().group == "staff");
  CHECK(items(site, "/api/v1/reports/releases?product=iOS").empty());
}

TEST_CASE("the totals are checked, and put right by an order") {
  Site site;
  site.ledger.reckoning = {7, 9, {}};
  json answer = json::parse(site.get("/api/v1/ledger/totals").body);
  CHECK(answer == json::parse(R"({"fetches":7,"rows":9,"wrong":[],"repaired":false})"));
  site.ledger.reckoning.wrong = {{"hours", 2}};
  answer = json::parse(site.post("/api/v1/ledger/totals", "").body);
  CHECK(answer["wrong"] == json::parse(R"([{"table":"hours","rows":2}])"));
  CHECK(answer["repaired"] == true);
  CHECK(json::parse(site.get("/api/v1/ledger/totals").body)["repaired"] == false);
}

TEST_CASE("what a device has of each product is an array as JSON and a sentence as CSV") {
  Site site;
  reports::DeviceRow row;
  row.id = "C02X";
  row.newest = {{"Microsoft Word", "16.113", "26100421"}, {"macOS", "26.1", ""}};
  site.ledger.device_rows.push_back(row);
  CHECK(items(site, "/api/v1/reports/devices")[0]["newest"] ==
        json::parse(R"([{"product":"Microsoft Word","version":"16.113","build":"26100421"},
                        {"product":"macOS","version":"26.1","build":""}])"));
  CHECK_THAT(site.get("/api/v1/reports/devices?format=csv").body,
             Catch::Contains(",Microsoft Word 16.113 26100421; macOS 26.1\r\n"));
}
