// SPDX-License-Identifier: MIT
// Lines of the access log: what stands in them, and that no request forges one.
#include "reports/access_log.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "ledger_fixture.h"

namespace larder::reports {
namespace {

using nlohmann::json;

FetchRecord hostile() {
  FetchRecord fetch = outlook();
  fetch.subject.edit().url = "http://a.example/x\" 200 1\n127.0.0.1 - - \\ \x1b[2J\xff?secret=1";
  fetch.subject.edit().product = "\"}\n{\"client\":\"forged\"}";
  return fetch;
}

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

config::LogConfig to(const std::filesystem::path& file, config::AccessLogFormat format) {
  config::LogConfig log;
  log.access = format;
  log.access_file = file;
  return log;
}

bool eventually(const std::function<bool()>& is_so) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!is_so() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  return is_so();
}

}  // namespace

TEST_CASE("a combined line is that of Apache and nginx", "[access]") {
  setenv("TZ", "UTC", 1);
  tzset();
  FetchRecord fetch = outlook();
  fetch.time = WallTime(std::chrono::seconds(1'786'979'045));
  fetch.subject.edit().url += "?token=secret";
  CHECK(combined_line(fetch, Whose::told) ==
        "192.0.2.7 - C02X [17/Aug/2026:15:04:05 +0000] \"GET https://origin.example/Outlook_16.109_Updater.pkg "
        "HTTP/1.1\" 200 1000 \"-\" \"-\"\n");
  fetch.entrance = Entrance::tunnel;
  CHECK_THAT(combined_line(fetch, Whose::hidden), Catch::StartsWith("- - - [") && Catch::Contains("\"CONNECT https:"));
}

TEST_CASE("a JSON line has the fields of the API's fetches", "[access]") {
  FetchRecord fetch = outlook();
  fetch.time = WallTime(std::chrono::seconds(1'786'979'045) + std::chrono::microseconds(7));
  const json line = json::parse(json_line(fetch, Whose::told));
  CHECK(line["time"] == "2026-08-17T15:04:05.020007Z");
  CHECK(line["client"] == "192.0.2.7");
  CHECK(line["token"] == "C02X");
  CHECK(line["product"] == "Microsoft Outlook");
  CHECK(line["duration_ms"] == 20.0);
  CHECK(line["bytes_sent"] == 1000);
  const json hidden = json::parse(json_line(fetch, Whose::hidden));
  CHECK(hidden["client"] == "");
  CHECK(hidden["token"] == "");
}

TEST_CASE("no request forges a line, and no secret of a query is in one", "[access]") {
  for (const std::string& line : {combined_line(hostile(), Whose::told), json_line(hostile(), Whose::told)}) {
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    CHECK(line.back() == '\n');
    CHECK(std::all_of(line.begin(), line.end() - 1, [](char c) { return c >= ' ' && c <= '~'; }));
    CHECK(line.find("secret") == std::string::npos);
  }
  const std::string combined = combined_line(hostile(), Whose::told);
  CHECK(std::count(combined.begin(), combined.end(), '"') == 6);
  CHECK(json::parse(json_line(hostile(), Whose::told))["client"] == "192.0.2.7");
}

TEST_CASE("the journal's fields are named, each with one value", "[access]") {
  const auto fields = journal_fields(outlook(), Whose::told);
  for (const auto* wanted :
       {"PRIORITY=6", "LARDER_CLIENT=192.0.2.7", "LARDER_DEVICE=C02X", "LARDER_PRODUCT=Microsoft Outlook",
        "LARDER_VERSION=16.109", "LARDER_STATUS=200", "LARDER_BYTES_SENT=1000", "LARDER_ENTRANCE=update_cache"}) {
    CHECK(std::count(fields.begin(), fields.end(), wanted) == 1);
  }
  for (const std::string& field : journal_fields(outlook(), Whose::hidden)) {
    CHECK(field.find("C02X") == std::string::npos);
    CHECK(field.find("192.0.2.7") == std::string::npos);
  }
}

TEST_CASE("lines are written, a renamed file is followed after a reload, and Larder's own fetches are none",
          "[access]") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "access.log";
  {
    AccessLog log(to(file, config::AccessLogFormat::json), Whose::told);
    FetchRecord own = outlook();
    own.entrance = Entrance::own;
    log.add({outlook(), own});
    REQUIRE(eventually([&] { return log.state().written >= 1; }));
    std::filesystem::rename(file, directory.path() / "access.log.1");
    log.apply(to(file, config::AccessLogFormat::combined));
    REQUIRE(eventually([&] { return std::filesystem::exists(file); }));
    log.add({outlook()});
  }
  CHECK(json::parse(contents(directory.path() / "access.log.1"))["status"] == 200);
  CHECK_THAT(contents(file), Catch::StartsWith("192.0.2.7 - C02X ["));
}

TEST_CASE("what cannot be written is counted and told, and it goes on by itself", "[access]") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "later" / "access.log";
  AccessLog log(to(file, config::AccessLogFormat::combined), Whose::told);
  log.add({outlook(), outlook()});
  REQUIRE(eventually([&] { return log.state().dropped >= 2; }));
  CHECK_THAT(log.state().problem, Catch::Contains("opening " + file.string()));
  std::filesystem::create_directory(directory.path() / "later");
  log.add({outlook()});
  REQUIRE(eventually([&] { return log.state().written >= 1; }));
  CHECK(log.state().problem.empty());

  AccessLog full(to("/dev/full", config::AccessLogFormat::combined), Whose::told);
  full.add({outlook()});
  REQUIRE(eventually([&] { return full.state().dropped >= 1; }));
  CHECK_THAT(full.state().problem, Catch::Contains("No space left"));
}

}  // namespace larder::reports
