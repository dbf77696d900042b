// SPDX-License-Identifier: MIT
// The larder command as its users run it, against a real server.
#include <sys/wait.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "site.h"

using namespace larder;
using namespace larder::admin;

namespace {

struct Outcome {
  int exit = -1;
  std::string out;  // standard output and error
};

Outcome run(const std::string& arguments, const std::string& environment = "") {
  const std::string line = "env -u LARDER_ADMIN -u LARDER_TOKEN -u LARDER_TOKEN_FILE " + environment + " " +
                           LARDER_COMMAND + " " + arguments + " 2>&1";
  FILE* pipe = popen(line.c_str(), "r");
  REQUIRE(pipe != nullptr);
  Outcome outcome;
  std::array<char, 4096> bytes{};
  for (std::size_t count = 0; (count = fread(bytes.data(), 1, bytes.size(), pipe)) > 0;) {
    outcome.out.append(bytes.data(), count);
  }
  outcome.exit = WEXITSTATUS(pclose(pipe));
  return outcome;
}

}  // namespace

TEST_CASE("larder status shows the daemon in words, or the answer unchanged") {
  Site site;
  site.store.current.bytes_held = 3ULL << 30U;
  const Outcome words = run("--admin " + site.url() + " status");
  CHECK(words.exit == 0);
  CHECK_THAT(words.out, Catch::Contains("larderd          0.1.0, serving\n"));
  CHECK_THAT(words.out, Catch::Contains("cache            3.0 GiB of"));
  CHECK(run("--json status", "LARDER_ADMIN=" + site.url()).out == site.get("/api/v1/status").body);
}

TEST_CASE("larder report shows tables, CSV and JSON") {
  Site site;
  site.ledger.version_rows.push_back({"macOS", "15.7", "24G222", 3, 1, site.clock.now(), site.clock.now(), 1 << 20, 7});
  const std::string admin = "--admin " + site.url() + " ";
  CHECK(run(admin + "report versions --product macOS --from 2026-08-01").out ==
        "PRODUCT  VERSION  BUILD   DEVICES  PARTLY     SENT  FIRST             LAST\n"
        "macOS    15.7     24G222        3       1  1.0 MiB  2026-08-17 15:04  2026-08-17 15:04\n");
  CHECK(site.ledger.last_filter().product == "macOS");
  CHECK(run(admin + "report versions --csv").out == site.get("/api/v1/reports/versions?format=csv").body);
  CHECK(run(admin + "report versions --json --limit 1").out == site.get("/api/v1/reports/versions?limit=1").body);
  CHECK_THAT(run(admin + "report summary").out, Catch::Contains("saved, of bytes         0.0 %"));
  CHECK(run(admin + "report traffic").out == "nothing on record\n");
}

TEST_CASE("larder report device shows one device") {
  Site site;
  reports::DeviceRow row;
  row.id = "C02/X 1";
  site.ledger.device_rows.push_back(row);
  const Outcome found = run("--admin " + site.url() + " report device 'C02/X 1'");
  CHECK(found.exit == 0);
  CHECK_THAT(found.out, Catch::Contains("C02/X 1"));
  const Outcome absent = run("--admin " + site.url() + " report device nobody");
  CHECK(absent.exit == 1);
  CHECK(absent.out == "larder: no device \"nobody\" is on record; `larder report devices` lists them\n");
}

TEST_CASE("larder names the next page") {
  Site site;
  for (int i = 0; i < 3; ++i) site.ledger.device_rows.emplace_back().id = "D" + std::to_string(i);
  const Outcome first = run("--admin " + site.url() + " report devices --limit 2");
  CHECK_THAT(first.out, Catch::Contains("more: add --cursor 2\n"));
  CHECK_THAT(run("--admin " + site.url() + " report devices --cursor 2").out, Catch::Contains("D2"));
}

TEST_CASE("larder cache gives orders") {
  Site site;
  const std::string admin = "--admin " + site.url() + " ";
  const Outcome pinned = run(admin + "cache pin http://a/x");
  CHECK(pinned.exit == 0);
  CHECK(pinned.out == "pinned http://a/x\n");
  CHECK(run(admin + "cache unpin http://a/x").exit == 0);
  CHECK(run(admin + "cache evict http://a/x").exit == 0);
  CHECK(site.store.orders().size() == 3);
  const Outcome absent = run(admin + "cache evict http://absent/");
  CHECK(absent.exit == 1);
  CHECK_THAT(absent.out, Catch::Contains("larder cache list"));
  CHECK(run(admin + "cache list").out == "nothing on record\n");
}

TEST_CASE("larder cache verify waits for the end and fails when something was damaged") {
  for (const auto damaged : {std::uint64_t{0}, std::uint64_t{2}}) {
    Site site;
    site.store.verify_at_once = cache::VerifyReport{4, 8, 8 << 20, damaged, 0, true};
    const Outcome outcome = run("--admin " + site.url() + " cache verify");
    CHECK(outcome.exit == (damaged == 0 ? 0 : 1));
    CHECK_THAT(outcome.out, Catch::Contains("verification    finished\n"));
    CHECK_THAT(outcome.out, Catch::Contains("chunks damaged  " + std::to_string(damaged) + "\n"));
  }
}

TEST_CASE("larder says what to do when larderd does not answer") {
  const Outcome outcome = run("--admin http://127.0.0.1:1 status");
  CHECK(outcome.exit == 1);
  CHECK_THAT(outcome.out, Catch::Contains("cannot reach larderd at http://127.0.0.1:1: ") &&
                              Catch::Contains("systemctl status larderd"));
  CHECK_THAT(run("--admin ftp://x status").out, Catch::Contains("write --admin as http://127.0.0.1:8081"));
}

TEST_CASE("larder does not ask the site's proxy for larderd") {
  Site site;
  CHECK(run("--admin " + site.url() + " status", "http_proxy=http://127.0.0.1:1").exit == 0);
}

TEST_CASE("larder used wrongly says so and exits 2") {
  CHECK(run("").exit == 2);
  CHECK(run("nonsense").exit == 2);
  CHECK(run("report").exit == 2);
  CHECK(run("report versions --colour red").exit == 2);
  CHECK(run("cache pin").exit == 2);
  CHECK(run("--help").exit == 0);
  CHECK(run("report versions --help").exit == 0);
}

TEST_CASE("larder config explain needs no larderd") {
  const Outcome one = run("config explain storage.cache_size");
  CHECK(one.exit == 0);
  CHECK_THAT(one.out, Catch::StartsWith("storage.cache_size  (size)\n") && Catch::Contains("default  \"200 GiB\""));
  const Outcome all = run("config explain --json");
  CHECK(nlohmann::json::parse(all.out)["items"].size() > 20);
  const Outcome wrong = run("config explain storage.cache_sise");
  CHECK(wrong.exit == 2);
  CHECK_THAT(wrong.out, Catch::Contains("did you mean storage.cache_size?"));
  CHECK(run("config explain --config /nowhere/larder.toml").exit == 1);
}
