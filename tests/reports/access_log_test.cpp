// SPDX-License-Identifier: MIT
// Lines of the access log: what stands in them, and that no request forges one.
#include "reports/access_log.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
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
  fetch.words = std::make_shared<RequestWords>(RequestWords{
      "GET", "HTTP/1.1", "evil\" 200 1 \"-\"\n\\\xe2\x80\xae\x1b[2J", "http://b.example/\" 200\n\x1b[2J\xff?secret=2"});
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
  fetch.words = std::make_shared<RequestWords>(RequestWords{"HEAD", "HTTP/1.0", "Microsoft AutoUpdate/4.7 \"x\""});
  CHECK(combined_line(fetch, Whose::told) ==
        "192.0.2.7 - C02X [17/Aug/2026:15:04:05 +0000] \"HEAD https://origin.example/Outlook_16.109_Updater.pkg "
        "HTTP/1.0\" 200 1000 \"-\" \"Microsoft AutoUpdate/4.7 \\x22x\\x22\"\n");
  CHECK_THAT(combined_line(fetch, Whose::hidden), Catch::StartsWith("- - - [") && Catch::EndsWith("\"-\" \"-\"\n"));
}

TEST_CASE("a Referer stands in its place without its query, and under pseudonyms not at all", "[access]") {
  FetchRecord fetch = outlook();
  fetch.words = std::make_shared<RequestWords>(
      RequestWords{"GET", "HTTP/1.1", "a", "https://intranet.example/up dates?user=anna"});
  CHECK_THAT(combined_line(fetch, Whose::told), Catch::EndsWith(" \"https://intranet.example/up dates\" \"a\"\n"));
  CHECK(json::parse(json_line(fetch, Whose::told))["referer"] == "https://intranet.example/up dates");
  CHECK_THAT(combined_line(fetch, Whose::hidden), Catch::EndsWith(" \"-\" \"-\"\n"));
  CHECK(json::parse(json_line(fetch, Whose::hidden))["referer"] == "");
  fetch.words = std::make_shared<RequestWords>(RequestWords{"GET", "HTTP/1.1", "a", "https://intranet.example/#part"});
  CHECK(json::parse(json_line(fetch, Whose::told))["referer"] == "https://intranet.example/");
}

TEST_CASE("what a request did not say is a dash, and TLS by its server's name a CONNECT", "[access]") {
  FetchRecord fetch = outlook();
  CHECK_THAT(combined_line(fetch, Whose::told), Catch::Contains("\"- https://origin.example/"));
  CHECK(json::parse(json_line(fetch, Whose::told))["method"] == "");
  fetch.entrance = Entrance::sni;
  CHECK_THAT(combined_line(fetch, Whose::told), Catch::Contains("\"CONNECT https:") && Catch::Contains(" HTTP/1.1\" "));
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
  fetch.words = std::make_shared<RequestWords>(RequestWords{"GET", "HTTP/1.1", "softwareupdated (Darwin)"});
  const json with = json::parse(json_line(fetch, Whose::told));
  CHECK(with["method"] == "GET");
  CHECK(with["protocol"] == "HTTP/1.1");
  CHECK(with["user_agent"] == "softwareupdated (Darwin)");
  CHECK(json::parse(json_line(fetch, Whose::hidden))["user_agent"] == "");
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
    REQUIRE(eventually([&] { return log.state().file.written >= 1; }));
    std::filesystem::rename(file, directory.path() / "access.log.1");
    log.apply(to(file, config::AccessLogFormat::combined));
    REQUIRE(eventually([&] { return std::filesystem::exists(file); }));
    log.add({outlook()});
  }
  CHECK(json::parse(contents(directory.path() / "access.log.1"))["status"] == 200);
  CHECK_THAT(contents(file), Catch::StartsWith("192.0.2.7 - C02X ["));
}

// The socket of a journal that reads when it is told to.
class Journal {
 public:
  explicit Journal(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~Journal() { ::close(fd_); }
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  std::string read() const {
    std::string entry(65536, '\0');
    const ssize_t got = ::recv(fd_, entry.data(), entry.size(), MSG_DONTWAIT);
    entry.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return entry;
  }

 private:
  int fd_;
};

config::LogConfig to_journal() {
  config::LogConfig log;
  log.journal_fetches = true;
  return log;
}

TEST_CASE("the journal gets an entry each, and a journal that was started anew the next", "[access]") {
  const TemporaryDirectory directory;
  const auto socket = directory.path() / "socket";
  AccessLog log(to_journal(), Whose::told, socket);
  FetchRecord fetch = outlook();
  fetch.subject.edit().product = "two\nlines";
  {
    const Journal journal(socket);
    log.add({fetch});
    REQUIRE(eventually([&] { return log.state().journal.written == 1; }));
    const std::string entry = journal.read();
    CHECK_THAT(entry, Catch::StartsWith("MESSAGE=") && Catch::Contains("\nLARDER_STATUS=200\n"));
    CHECK_THAT(entry, Catch::Contains(std::string("\nLARDER_PRODUCT\n\x09\0\0\0\0\0\0\0two\nlines\n", 34)));
  }
  log.add({fetch});
  REQUIRE(eventually([&] { return log.state().journal.lost == 1; }));
  CHECK_THAT(log.state().journal.problem, Catch::Contains(socket.string()));
  std::filesystem::remove(socket);
  const Journal anew(socket);
  log.add({fetch});
  REQUIRE(eventually([&] { return log.state().journal.written == 2; }));
  CHECK(log.state().journal.problem.empty());
  CHECK(!anew.read().empty());
}

TEST_CASE("a journal that does not read costs entries, and neither lines of the file nor the end", "[access]") {
  const TemporaryDirectory directory;
  const Journal journal(directory.path() / "socket");
  constexpr std::size_t kMany = 2000;
  config::LogConfig both = to(directory.path() / "access.log", config::AccessLogFormat::combined);
  both.journal_fetches = true;
  {
    AccessLog log(both, Whose::told, directory.path() / "socket");
    log.add(std::vector<FetchRecord>(kMany, outlook()));
    REQUIRE(eventually([&] { return log.state().journal.lost > 0; }));
    CHECK_THAT(log.state().journal.problem, Catch::Contains("takes no entries"));
    log.add(std::vector<FetchRecord>(kMany, outlook()));
    REQUIRE(eventually([&] { return log.state().file.written == 2 * kMany; }));
    const auto settled = [&] { return log.state().journal.written + log.state().journal.lost; };
    REQUIRE(eventually([&] { return settled() == 2 * kMany; }));
    while (!journal.read().empty()) {
    }
    const auto before = log.state().journal.written;
    log.add({outlook()});
    REQUIRE(eventually([&] { return log.state().journal.written > before; }));
    CHECK(log.state().journal.problem.empty());
    log.add(std::vector<FetchRecord>(kMany, outlook()));
  }
  const std::string file = contents(directory.path() / "access.log");
  CHECK(static_cast<std::size_t>(std::count(file.begin(), file.end(), '\n')) == 3 * kMany + 1);
}

TEST_CASE("what cannot be written is counted and told, and it goes on by itself", "[access]") {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "later" / "access.log";
  AccessLog log(to(file, config::AccessLogFormat::combined), Whose::told);
  log.add({outlook(), outlook()});
  REQUIRE(eventually([&] { return log.state().file.lost >= 2; }));
  CHECK_THAT(log.state().file.problem, Catch::Contains("opening " + file.string()));
  std::filesystem::create_directory(directory.path() / "later");
  log.add({outlook()});
  REQUIRE(eventually([&] { return log.state().file.written >= 1; }));
  CHECK(log.state().file.problem.empty());

  AccessLog full(to("/dev/full", config::AccessLogFormat::combined), Whose::told);
  full.add({outlook()});
  REQUIRE(eventually([&] { return full.state().file.lost >= 1; }));
  CHECK_THAT(full.state().file.problem, Catch::Contains("No space left"));
}

}  // namespace larder::reports
