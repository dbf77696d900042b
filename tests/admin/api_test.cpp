// SPDX-License-Identifier: MIT
// What the API answers, field by field.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "admin/limits.h"
#include "admin/live_feed.h"
#include "base/digest.h"
#include "site.h"

using namespace larder;
using namespace larder::admin;
using nlohmann::json;

namespace {

json body_of(const Answer& answer) {
  INFO(answer.body);
  REQUIRE(answer.field("Content-Type") == "application/json");
  return json::parse(answer.body);
}

reports::DeviceRow device(const std::string& id) {
  reports::DeviceRow row;
  row.id = id;
  row.evidence = reports::DeviceEvidence::token;
  row.address = "10.1.2.3";
  row.os = "macOS";
  row.os_version = "26.0";
  row.os_build = "25A354";
  row.os_evidence = reports::SystemEvidence::locate;
  row.requests = 3;
  row.bytes_sent = 4096;
  row.last_seen = WallTime(std::chrono::seconds(1'786'979'045));
  return row;
}

}  // namespace

TEST_CASE("status tells how the daemon, the store and the ledger are") {
  Site site;
  site.live.counters.connections_open = 4;
  site.live.counters.requests_hit = 17;
  site.live.fills.emplace_back();
  site.store.current.bytes_held = 1000;
  site.store.current.set_aside = {"index.broken-1: not LMDB"};
  site.ledger.current.broken = "no room";
  const json status = body_of(site.get("/api/v1/status"));
  CHECK(status["version"] == "0.1.0");
  CHECK(status["started"] == "2026-08-17T14:04:05Z");
  CHECK(status["uptime_seconds"] == 3600);
  CHECK(status["ready"] == true);
  CHECK(status["clients_connected"] == 4);
  CHECK(status["fills_running"] == 1);
  CHECK(status["counters"]["requests_hit"] == 17);
  CHECK(status["store"]["bytes_held"] == 1000);
  CHECK(status["store"]["broken"].is_null());
  CHECK(status["store"]["set_aside"][0] == "index.broken-1: not LMDB");
  CHECK(status["ledger"]["broken"] == "no room");
  CHECK(status["problems"] ==
        json::array({"the store lost an environment: index.broken-1: not LMDB", "nothing is recorded: no room"}));
}

TEST_CASE("the summary has the agreed fields") {
  Site site;
  site.ledger.totals.requests = 10;
  site.ledger.totals.bytes_sent = 1000;
  site.ledger.totals.hit_ratio_bytes = 0.9;
  const json summary = body_of(site.get("/api/v1/reports/summary?from=2026-08-01&to=2026-08-17T00:00:00Z"));
  for (const auto* name : {"requests", "bytes_sent", "bytes_from_origin", "bytes_from_origin_own", "hit_ratio_bytes",
                           "hit_ratio_requests"}) {
    CHECK(summary.contains(name));
  }
  CHECK(summary["hit_ratio_bytes"] == 0.9);
  CHECK(to_rfc3339(*site.ledger.last_filter().from) == "2026-08-01T00:00:00Z");
  CHECK(to_rfc3339(*site.ledger.last_filter().to) == "2026-08-17T00:00:00Z");
}

TEST_CASE("what was saved is told, in money and hours too when these have a price and a rate") {
  Site site;
  site.ledger.totals.bytes_sent = 30'000'000'000;
  site.ledger.totals.bytes_from_origin = 10'000'000'000;
  site.ledger.totals.bytes_saved = 20'000'000'000;
  const json plain = body_of(site.get("/api/v1/reports/summary"));
  CHECK(plain["saved_bytes"] == 20'000'000'000);
  for (const char* name : {"saved_money", "currency", "saved_hours"}) CHECK(plain[name].is_null());

  Site priced("reports.price_per_gb = \"0.5 EUR\"\nreports.line_rate = \"80 Mbit/s\"");
  priced.ledger.totals = site.ledger.totals;
  const json worth = body_of(priced.get("/api/v1/reports/summary"));
  CHECK(worth["saved_money"] == 10.0);
  CHECK(worth["currency"] == "EUR");
  CHECK(worth["saved_hours"].get<double>() == Approx(20'000'000'000.0 / 10'000'000 / 3600));
  priced.ledger.totals.bytes_sent = 0;
  priced.ledger.totals.bytes_saved = -10'000'000'000;
  CHECK(body_of(priced.get("/api/v1/reports/summary"))["saved_bytes"] == -10'000'000'000);
  CHECK(priced.get("/api/v1/reports/summary?format=csv").body.find(",-10000000000,-5,EUR,") != std::string::npos);
}

TEST_CASE("a list comes in pages") {
  Site site;
  for (int i = 0; i < 5; ++i) site.ledger.device_rows.push_back(device("C02" + std::to_string(i)));
  const json first = body_of(site.get("/api/v1/reports/devices?limit=3&product=macOS"));
  CHECK(first["items"].size() == 3);
  CHECK(site.ledger.last_filter().product == "macOS");
  CHECK(
      first["items"][0] ==
      json::parse(
          R"({"id":"C020","evidence":"token","serial":"","name":"","model":"","owner":"","group":"","host_name":"","address":"10.1.2.3","mac":"",
      "os":"macOS","os_version":"26.0","os_build":"25A354","os_evidence":"locate","os_at_least":false,"os_time":null,"requests":3,"bytes_sent":4096,"first_seen":null,
      "last_seen":"2026-08-17T15:04:05Z","newest":[]})"));
  const json second =
      body_of(site.get("/api/v1/reports/devices?limit=3&cursor=" + first["next_cursor"].get<std::string>()));
  CHECK(second["items"].size() == 2);
  CHECK(second["items"][0]["id"] == "C023");
  CHECK(second["next_cursor"].is_null());
}

TEST_CASE("a CSV without a limit has all rows, with one it names the next page") {
  Site site;
  for (int i = 0; i < 2500; ++i) site.ledger.device_rows.push_back(device("C" + std::to_string(i)));
  const Answer all = site.get("/api/v1/reports/devices?format=csv");
  CHECK(all.field("Content-Type") == "text/csv; charset=utf-8; header=present");
  CHECK(std::count(all.body.begin(), all.body.end(), '\n') == 2501);
  CHECK(all.field("Link").empty());
  const Answer page = site.get("/api/v1/reports/devices?format=csv&limit=10&product=a+b");
  CHECK(std::count(page.body.begin(), page.body.end(), '\n') == 11);
  CHECK(page.field("Link") == "</api/v1/reports/devices?format=csv&product=a%20b&limit=10&cursor=10>; rel=\"next\"");
}

TEST_CASE("versions and traffic have the agreed fields") {
  Site site;
  site.ledger.version_rows.push_back({"macOS", "15.7", "24G222", 3, 1, site.clock.now(), site.clock.now(), 99, 7});
  site.ledger.traffic_rows.push_back({site.clock.now(), "macOS", reports::Entrance::proxy, 1, 2, 3});
  const json version = body_of(site.get("/api/v1/reports/versions"))["items"][0];
  CHECK(version == json::parse(R"({"product":"macOS","version":"15.7","build":"24G222","devices_complete":3,
      "devices_partly":1,"first_fetch":"2026-08-17T15:04:05Z","last_fetch":"2026-08-17T15:04:05Z","bytes_sent":99,
      "requests":7})"));
  const json traffic = body_of(site.get("/api/v1/reports/traffic"))["items"][0];
  CHECK(traffic["requests"] == 1);
  CHECK(traffic["bytes_sent"] == 2);
  CHECK(traffic["bytes_from_origin"] == 3);
}

TEST_CASE("one device shows its products and its last fetches") {
  Site site;
  site.ledger.device_rows.push_back(device("mac:aa:bb/cc"));
  site.ledger.products.push_back({"macOS", "15.7", "24G222", true, 1.0, site.clock.now(), site.clock.now(), 99});
  reports::FetchRecord fetch;
  fetch.time = site.clock.now();
  fetch.duration = std::chrono::milliseconds(1500);
  fetch.subject.edit().url = "https://updates.cdn-apple.com/x/iPhone12,1_26.6.2_23G90_Restore.ipsw";
  fetch.subject.edit().from_version = "13.7.8";
  fetch.status = 206;
  site.ledger.recent.push_back(fetch);
  const json answer = body_of(site.get("/api/v1/reports/devices/mac%3Aaa:bb%2Fcc"));
  CHECK(answer["id"] == "mac:aa:bb/cc");
  CHECK(answer["products"][0]["complete"] == true);
  CHECK(answer["recent"][0]["duration_ms"] == 1500);
  CHECK(answer["recent"][0]["status"] == 206);
  CHECK(answer["recent"][0]["evidence"] == "name");
  CHECK(answer["recent"][0]["from_version"] == "13.7.8");
  CHECK(answer["recent"][0]["from_builds"] == "");
  const Answer absent = site.get("/api/v1/reports/devices/absent");
  CHECK(absent.status == 404);
  CHECK_THAT(absent.body, Catch::Contains("larder report devices"));
}

TEST_CASE("a wrong parameter is named") {
  Site site;
  const Answer answer = site.get("/api/v1/reports/versions?color=red");
  CHECK(answer.status == 400);
  CHECK_THAT(answer.body, Catch::Contains("there is no parameter \\\"color\\\""));
  for (const auto* target : {"/api/v1/status?x=1", "/api/v1/fills?x=1", "/api/v1/config?x=1", "/metrics?x=1",
                             "/api/v1/cache/objects?from=2026-01-01", "/api/v1/reports/summary?limit=5",
                             "/api/v1/reports/devices/x?format=csv", "/api/v1/reports/traffic?limit=many"}) {
    INFO(target);
    CHECK(site.get(target).status == 400);
  }
}

TEST_CASE("the cache's objects are listed in pages") {
  Site site;
  cache::Object whole;
  whole.url = "http://swcdn.apple.com/a.pkg";
  whole.size_bytes = 4096;
  whole.etag = "\"e\"";
  whole.digest = Sha256::of({});
  whole.fields = {{"Content-Type", "application/octet-stream"}};
  whole.stored_at = site.clock.now();
  cache::Object part = whole;
  part.url = "http://swcdn.apple.com/b.pkg";
  part.digest.reset();
  site.objects = {std::make_shared<cache::Object>(whole), std::make_shared<cache::Object>(part)};
  const json first = body_of(site.get("/api/v1/cache/objects?limit=1"));
  CHECK(first["items"][0] == json::parse(R"({"url":"http://swcdn.apple.com/a.pkg","size_bytes":4096,"bytes_held":4096,
      "complete":true,"pinned":true,"sha256":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "etag":"\"e\"","content_type":"application/octet-stream","stored_at":"2026-08-17T15:04:05Z","product":"","version":""})"));
  const json second = body_of(site.get("/api/v1/cache/objects?cursor=" + first["next_cursor"].get<std::string>()));
  CHECK(second["items"][0]["complete"] == false);
  CHECK(second["items"][0]["bytes_held"] == 1024);
  CHECK(second["items"][0]["sha256"].is_null());
}

TEST_CASE("an object is pinned, unpinned and evicted by its URL") {
  Site site;
  CHECK(body_of(site.post("/api/v1/cache/pin", R"({"url":"http://a/x"})")) ==
        json::parse(R"({"url":"http://a/x","done":"pinned"})"));
  CHECK(body_of(site.post("/api/v1/cache/unpin", R"({"url":"http://a/x"})"))["done"] == "unpinned");
  CHECK(body_of(site.post("/api/v1/cache/evict", R"({"url":"http://a/x"})"))["done"] == "evicted");
  CHECK(site.store.orders() == std::vector<std::string>{"pin http://a/x", "unpin http://a/x", "remove http://a/x"});
  CHECK(site.post("/api/v1/cache/pin", R"({"url":"http://absent/"})").status == 404);
}

TEST_CASE("an order without a proper URL changes nothing") {
  Site site;
  for (const auto* body :
       {"", "[]", "{", "\"x\"", "{}", R"({"url":5})", R"({"url":""})", R"({"url":"a","all":true})"}) {
    INFO(body);
    CHECK(site.post("/api/v1/cache/evict", body).status == 400);
  }
  CHECK(site.store.orders().empty());
}

TEST_CASE("a verification is started once and asked after until it is finished") {
  Site site;
  CHECK(body_of(site.get("/api/v1/cache/verify"))["state"] == "never");
  const Answer started = site.post("/api/v1/cache/verify", "");
  CHECK(started.status == 202);
  CHECK(site.post("/api/v1/cache/verify", "").status == 409);
  cache::VerifyReport report;
  report.objects = 5;
  report.bytes = 7000;
  site.store.tell(report);
  CHECK(body_of(site.get("/api/v1/cache/verify"))["objects"] == 5);
  CHECK(body_of(site.get("/api/v1/cache/verify"))["state"] == "running");
  report.chunks_corrupt = 1;
  report.finished = true;
  site.clock.advance(std::chrono::seconds(5));
  site.store.tell(report);
  const json done = body_of(site.get("/api/v1/cache/verify"));
  CHECK(done["state"] == "finished");
  CHECK(done["chunks_corrupt"] == 1);
  CHECK(done["started"] == "2026-08-17T15:04:05Z");
  CHECK(done["finished"] == "2026-08-17T15:04:10Z");
  CHECK(site.post("/api/v1/cache/verify", "").status == 202);
  site.store.tell(fail(ErrorKind::busy, "another verification runs"));
  CHECK(body_of(site.get("/api/v1/cache/verify"))["state"] == "failed");
  CHECK(body_of(site.get("/api/v1/cache/verify"))["error"] == "another verification runs");
}

TEST_CASE("running fills are listed") {
  Site site;
  RunningFill fill;
  fill.url = "http://swcdn.apple.com/a.pkg";
  fill.bytes_done = 5;
  fill.clients_waiting = 3;
  site.live.fills.push_back(fill);
  const json listed = body_of(site.get("/api/v1/fills"));
  CHECK(listed["items"][0]["clients_waiting"] == 3);
  CHECK(listed["items"][0]["bytes_total"].is_null());
  CHECK(listed["next_cursor"].is_null());
}

TEST_CASE("the configuration in force is shown with what each key means") {
  Site site("storage.cache_size = \"1 GiB\"");
  const json config = body_of(site.get("/api/v1/config"));
  bool found = false;
  for (const auto& item : config["items"]) {
    if (item["key"] != "storage.cache_size") continue;
    found = true;
    CHECK(item["value"] == "\"1 GiB\"");
    CHECK(item["default"] == "\"200 GiB\"");
    CHECK(item["applies"] == "reload");
    CHECK_FALSE(item["meaning"].get<std::string>().empty());
  }
  CHECK(found);
}

TEST_CASE("traffic is added up by hour, day, product or entrance") {
  Site site;
  const WallTime hour = std::chrono::floor<std::chrono::hours>(site.clock.now());
  for (int i = 0; i < 1500; ++i) {
    site.ledger.traffic_rows.push_back({hour - std::chrono::hours(i % 30), i % 2 == 0 ? "macOS" : "iOS",
                                        i % 3 == 0 ? reports::Entrance::proxy : reports::Entrance::steered, 1, 2, 3,
                                        -1});
  }
  const auto sums = [&](const std::string& by) {
    return body_of(site.get("/api/v1/reports/traffic?by=" + by))["items"];
  };
  CHECK(sums("product") ==
        json::parse(R"([{"product":"iOS","requests":750,"bytes_sent":1500,"bytes_from_origin":2250,"saved_bytes":-750},
                                           {"product":"macOS","requests":750,"bytes_sent":1500,"bytes_from_origin":2250,"saved_bytes":-750}])"));
  CHECK(sums("entrance")[0] ==
        json::parse(
            R"({"entrance":"proxy","requests":500,"bytes_sent":1000,"bytes_from_origin":1500,"saved_bytes":-500})"));
  CHECK(sums("hour").size() == 30);
  CHECK(sums("hour")[29]["hour"] == "2026-08-17T15:00:00Z");
  CHECK(sums("hour")[29]["requests"] == 50);
  CHECK(sums("day").size() == 2);
  CHECK(sums("day")[0]["day"] == "2026-08-16T00:00:00Z");
  CHECK(site.get("/api/v1/reports/traffic?by=product&format=csv").body.starts_with("product,requests,"));
  CHECK(site.get("/api/v1/reports/traffic?by=colour").status == 400);
  CHECK(site.get("/api/v1/reports/traffic?by=hour&limit=5").status == 400);
}

TEST_CASE("the page comes whole from the server and may load nothing from elsewhere") {
  Site site;
  const Answer page = site.get("/");
  CHECK(page.field("Content-Type") == "text/html; charset=utf-8");
  CHECK_THAT(page.field("Content-Security-Policy"), Catch::StartsWith("default-src 'none'; script-src 'self'"));
  for (const auto* foreign : {"http://", "https://", "//cdn"}) CHECK(page.body.find(foreign) == std::string::npos);
  CHECK(page.body.find("<script>") == std::string::npos);
  CHECK(page.body.find("style=") == std::string::npos);
  CHECK_THAT(page.body, Catch::StartsWith("<!doctype html>") && Catch::Contains("page/main.js"));
  CHECK_THAT(site.get("/page/style.css").body, Catch::Contains("prefers-color-scheme"));
  CHECK(site.get("/page/style.css").field("Content-Type") == "text/css; charset=utf-8");
  CHECK(site.get("/page/main.js").field("Content-Type") == "text/javascript; charset=utf-8");
  CHECK_THAT(site.get("/page/chart.min.js").body, Catch::Contains("Chart.js"));
  for (const auto* missing : {"/page/index.html", "/page/x.js", "/page/"}) CHECK(site.get(missing).status == 404);
}

TEST_CASE("the page's files are sent once: gzipped where that is taken, and not again while they are the same") {
  Site site;
  const Answer plain = site.get("/page/chart.min.js");
  const Answer small = site.get("/page/chart.min.js", "Accept-Encoding: br, gzip;q=0.5\r\n");
  CHECK(plain.field("Content-Encoding").empty());
  CHECK(small.field("Content-Encoding") == "gzip");
  CHECK(small.body.size() < plain.body.size() / 2);
  CHECK(small.body.starts_with("\x1F\x8B"));
  CHECK(small.field("ETag") != plain.field("ETag"));
  CHECK(site.get("/page/chart.min.js", "Accept-Encoding: gzip;q=0\r\n").field("Content-Encoding").empty());
  const Answer again = site.get("/page/chart.min.js", "If-None-Match: " + plain.field("ETag") + "\r\n");
  CHECK(again.status == 304);
  CHECK(again.body.empty());
  CHECK(site.get("/page/chart.min.js", "If-None-Match: \"other\"\r\n").status == 200);
}

TEST_CASE("a live view is told at once and each second how things stand, until its client leaves") {
  Site site;
  RunningFill fill;
  fill.url = "http://swcdn.apple.com/a.pkg";
  fill.clients_waiting = 3;
  site.live.fills.push_back(fill);
  Client client(site.port());
  client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const Answer head = client.read_answer();
  CHECK(head.status == 200);
  CHECK(head.field("Content-Type") == "text/event-stream");
  CHECK(head.field("Content-Length").empty());
  for (int i = 0; i < 2; ++i) {
    const std::string event = client.read_until("\n\n");
    REQUIRE_THAT(event, Catch::StartsWith("event: live\ndata: {"));
    const json told = json::parse(event.substr(event.find('{')));
    CHECK(told["clients_waiting"] == 3);
    CHECK(told["fills"][0]["url"] == "http://swcdn.apple.com/a.pkg");
  }
}

TEST_CASE("what is said of errors has no share in what a live view tells of the store") {
  LiveFeed feed;
  LiveStatus live;
  const SteadyTime begin{};
  const auto ratio_at = [&](int second) {
    const std::string event = feed.event(live, WallTime(), begin + std::chrono::seconds(second));
    return json::parse(event.substr(event.find('{')))["hit_ratio_bytes"];
  };
  ratio_at(0);
  live.counters.bytes_sent = 600;
  live.counters.bytes_sent_beside = 600;
  CHECK(ratio_at(1).is_null());
  live.counters.bytes_sent = 1000;
  live.counters.bytes_from_origin = 100;
  CHECK(ratio_at(2) == 0.75);
}

TEST_CASE("live views are counted, and those too many are refused") {
  Site site;
  std::vector<std::unique_ptr<Client>> watchers;
  for (std::size_t i = 0; i <= kWatchers; ++i) {
    watchers.push_back(std::make_unique<Client>(site.port()));
    watchers.back()->send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(watchers.back()->read_answer().status == (i < kWatchers ? 200 : 503));
  }
}

TEST_CASE("a reload ends live views, so that the token is asked for anew") {
  Site site;
  Client client(site.port());
  client.send("GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(client.read_answer().status == 200);
  CHECK(site.server().apply(config_of("")));
  client.read_until("\x01");  // not sent: to the end
  CHECK(client.closed_by_server());
}
