// SPDX-License-Identifier: MIT
// The record of changes: what stands in it, that it lasts, and that tampering with it shows.
#include "admin/audit.h"

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <future>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "reports/page_cursor.h"
#include "site.h"

using namespace larder;
using namespace larder::admin;
using nlohmann::json;

namespace {

std::string contents(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void replace(const std::filesystem::path& file, const std::string& text) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
}

json changes(Site& site, const std::string& query = "") {
  const Answer answer = site.get("/api/v1/audit" + query);
  REQUIRE(answer.status == 200);
  return json::parse(answer.body)["items"];
}

// An Audit on its own, and a wait for what was added.
struct Book {
  explicit Book(const std::filesystem::path& file) : audit(std::make_unique<Audit>(file, clock)) {}
  void add(const std::string& what, const std::string& who = "admin_token") {
    std::promise<void> done;
    AuditEntry entry;
    entry.who = who;
    entry.what = what;
    audit->add(entry, [&] { done.set_value(); });
    done.get_future().wait();
  }
  std::vector<std::string> newest(std::size_t limit = 10) const {
    std::vector<std::string> whats;
    for (const AuditEntry& entry : audit->page({}, {}, 0, limit).entries) whats.push_back(entry.what);
    return whats;
  }

  ManualClock clock{WallTime(std::chrono::seconds(1'786'979'045))};
  std::unique_ptr<Audit> audit;
};

struct Directory {
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "larder-audit-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("an order is on record before it is answered, with who, from where and what") {
  Site site;
  CHECK(site.post("/api/v1/cache/pin", R"({"url":"http://a.example/x"})", "User-Agent: larder\r\n").status == 200);
  const json rows = changes(site);
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]["what"] == "POST /api/v1/cache/pin");
  CHECK(rows[0]["order"] == R"({"url":"http://a.example/x"})");
  CHECK(rows[0]["who"] == "no_token");
  CHECK(rows[0]["address"] == "127.0.0.1");
  CHECK(rows[0]["agent"] == "larder");
  CHECK(rows[0]["status"] == 200);
  CHECK(rows[0]["problem"] == "");
  CHECK(rows[1]["what"] == "start");
  CHECK(rows[1]["who"] == "larderd");
  struct stat status {};
  REQUIRE(stat((site.directory / "audit.jsonl").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("what fails is on record with why, and what only makes a text or reads is not") {
  Site site;
  CHECK(site.post("/api/v1/cache/pin", R"({"url":"http://a.example/absent"})").status == 404);
  CHECK(site.post("/api/v1/profile", R"({"kinds":["mau"],"mdm":"none"})").status != 500);
  CHECK(site.post("/api/v1/dns", R"({"format":"dnsmasq"})").status != 500);
  site.get("/api/v1/status");
  const json rows = changes(site);
  REQUIRE(rows.size() == 2);
  CHECK_THAT(rows[0]["problem"].get<std::string>(), Catch::Contains("no such object"));
}

TEST_CASE("whom an erasure has forgotten is not remembered by the record of it") {
  Site site;
  reports::DeviceRow row;
  row.id = "C02SECRET";
  site.ledger.device_rows.push_back(row);
  CHECK(site.post("/api/v1/devices/erase?device=C02SECRET", R"({"id":"C02SECRET"})").status == 400);
  CHECK(site.post("/api/v1/devices/erase?dry_run=true", R"({"id":"C02SECRET"})").status == 200);
  CHECK(site.post("/api/v1/devices/erase", R"({"id":"C02SECRET"})").status == 200);
  CHECK(site.post("/api/v1/devices/erase", R"({"id":"C02SECRET"})").status == 404);
  const json rows = changes(site);
  CHECK(rows[0]["status"] == 404);
  CHECK(rows[1]["order"] == "a device");
  CHECK(rows[2]["order"] == "?dry_run=true a device");
  CHECK(contents(site.directory / "audit.jsonl").find("C02SECRET") == std::string::npos);
}

TEST_CASE("the query of an order's URL, which may hold a secret, is not in the record") {
  Site site;
  site.post("/api/v1/cache/pin", R"({"url":"http://a.example/x?sig=SECRET"})");
  CHECK(changes(site)[0]["order"] == R"({"url":"http://a.example/x?"})");
  CHECK(contents(site.directory / "audit.jsonl").find("SECRET") == std::string::npos);
}

TEST_CASE("the URL of a webhook, which may be a secret, is not in the record") {
  Site site;
  site.post("/api/v1/webhooks/test", R"({"url":"https://hooks.example/SECRET"})");
  CHECK(changes(site)[0]["order"] == "a webhook");
  CHECK(contents(site.directory / "audit.jsonl").find("SECRET") == std::string::npos);
}

TEST_CASE("a refused attempt is nobody's, and many of them push nothing out") {
  const Directory directory;
  std::ofstream(directory.path / "token") << "correct-horse-battery-staple\n";
  std::filesystem::permissions(directory.path / "token", std::filesystem::perms::owner_read);
  Site site("access.admin_token_file = \"" + (directory.path / "token").string() + "\"");
  constexpr const char* kToken = "Authorization: Bearer correct-horse-battery-staple\r\n";
  for (int i = 0; i < 100; ++i)
    CHECK(site.post("/api/v1/cache/evict", R"({"url":"http://a.example/x"})").status == 401);
  CHECK(site.post("/api/v1/cache/pin", R"({"url":"http://a.example/x"})", kToken).status == 200);
  const json rows = json::parse(site.get("/api/v1/audit", kToken).body)["items"];
  REQUIRE(rows.size() == 2 + kRefusedAMinute);
  CHECK(rows[0]["who"] == "admin_token");
  CHECK(rows[0]["refused_besides"] == 100 - kRefusedAMinute);
  CHECK(rows[1]["who"] == "nobody");
  CHECK(rows[1]["status"] == 401);
  CHECK(contents(site.directory / "audit.jsonl").find("battery") == std::string::npos);
}

TEST_CASE("an order that nobody has looked at is on record too, by whom it came") {
  Site site;
  const std::string head = "POST /api/v1/cache/evict HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  const auto refused = [&](const std::string& fields) {
    Client client(site.port());
    client.send(head + fields + "\r\n");
    return client.read_answer().status;
  };
  CHECK(refused("Content-Length: 99999999\r\n") == 413);
  CHECK(refused("Transfer-Encoding: chunked\r\n") == 411);
  Client reader(site.port());
  reader.send("GET /api/v1/status HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\n");
  CHECK(reader.read_answer().status == 413);                                               // no order
  CHECK(site.post("/api/v1/cache/pin", R"({"url":"http://a.example/x"})").status == 200);  // on record behind them
  const json rows = changes(site);
  REQUIRE(rows.size() == 4);
  CHECK(rows[1]["status"] == 411);
  CHECK(rows[2]["status"] == 413);
  CHECK(rows[2]["what"] == "POST /api/v1/cache/evict");
  CHECK(rows[2]["who"] == "no_token");
  CHECK(rows[2]["address"] == "127.0.0.1");
  CHECK_THAT(rows[2]["problem"].get<std::string>(), Catch::Contains("larger than"));
}

TEST_CASE("orders beyond an address's rate are on record, a minute's first ones one by one") {
  Site site;
  while (site.get("/api/v1/status").status == 200) {
  }
  for (unsigned i = 0; i < kRefusedAMinute + 5; ++i) {
    CHECK(site.post("/api/v1/cache/pin", R"({"url":"http://a.example/x"})").status == 429);
  }
  site.clock.advance(std::chrono::seconds(1));
  CHECK(site.post("/api/v1/cache/pin", R"({"url":"http://a.example/x"})").status == 200);
  const json rows = changes(site);
  REQUIRE(rows.size() == kRefusedAMinute + 2);
  CHECK(rows[0]["refused_besides"] == 5);
  for (unsigned i = 1; i <= kRefusedAMinute; ++i) CHECK(rows[i]["status"] == 429);
}

TEST_CASE("an order for which nobody has time is on record") {
  Site site;
  site.ledger.hold();
  std::vector<std::unique_ptr<Client>> clients;
  for (std::size_t i = 0; i < kWorkers + kWaiting; ++i) {
    clients.push_back(std::make_unique<Client>(site.port()));
    clients.back()->send("GET /api/v1/reports/summary HTTP/1.1\r\nHost: localhost\r\n\r\n");
    if (i + 1 == kWorkers) site.ledger.wait_for_waiting(kWorkers);
  }
  // One of those that wait is too many; which depends on the order of the connections.
  int status = 200;
  while (status != 503) {
    clients.push_back(std::make_unique<Client>(site.port()));
    clients.back()->send("POST /api/v1/cache/pin HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
    std::string answered = contents(site.directory / "audit.jsonl");
    for (int i = 0; i < 1000 && answered.find(":503,") == std::string::npos; ++i) {
      std::this_thread::yield();
      answered = contents(site.directory / "audit.jsonl");
    }
    if (answered.find(":503,") != std::string::npos) status = 503;
  }
  site.ledger.release();
  const std::string text = contents(site.directory / "audit.jsonl");
  CHECK_THAT(text, Catch::Contains("POST /api/v1/cache/pin") && Catch::Contains("\"who\":\"no_token\""));
}

TEST_CASE("when larderd begins and ends is on record, with its version") {
  Site site;
  site.live.version = "1.2.3";
  site.get("/healthz");
  site.stop();
  const std::string text = contents(site.directory / "audit.jsonl");
  CHECK_THAT(text, Catch::Contains(R"("what":"start","order":"larderd 1.2.3")"));
  CHECK_THAT(text, Catch::Contains(R"("what":"stop","order":"larderd 1.2.3")"));
  CHECK(text.find("\"start\"") < text.find("\"stop\""));
}

TEST_CASE("a cursor that no page gave is refused") {
  Site site;
  for (int i = 0; i < 3; ++i) site.post("/api/v1/cache/pin", R"({"url":"http://a.example/x"})");
  const json page = json::parse(site.get("/api/v1/audit?limit=1").body);
  const auto cursor = page["next_cursor"].get<std::string>();
  CHECK(changes(site, "?limit=1&cursor=" + cursor)[0]["sequence"] == 3);
  std::string changed = cursor;
  changed[1] = changed[1] == '1' ? '2' : '1';
  const std::string another = reports::encode_page_cursor("macOS");
  for (const std::string& wrong : {changed, cursor + "00", cursor.substr(2), another, reports::encode_page_cursor("0"),
                                   std::string("2"), std::string("-1"), std::string("18446744073709551616")}) {
    const Answer refused = site.get("/api/v1/audit?cursor=" + wrong);
    CHECK(refused.status == 400);
    CHECK_THAT(refused.body, Catch::Contains("begin without it"));
  }
}

TEST_CASE("hostile texts stay on their line") {
  Site site;
  site.post("/api/v1/cache/pin", "{\"url\":\"http://a.example/\\n\\\"\u2028\"}", "User-Agent: =cmd|' /C calc'!A0\r\n");
  const std::string text = contents(site.directory / "audit.jsonl");
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
  CHECK(json::parse(site.get("/api/v1/audit/check").body)["broken_at"].is_null());
  CHECK_THAT(site.get("/api/v1/audit?format=csv").body, Catch::Contains("\"'=cmd"));
}

TEST_CASE("the record comes in pages and by time") {
  const Directory directory;
  Book book(directory.path / "audit.jsonl");
  for (int i = 0; i < 5; ++i) {
    book.add("change " + std::to_string(i));
    book.clock.advance(std::chrono::minutes(1));
  }
  const AuditPage first = book.audit->page({}, {}, 0, 2);
  REQUIRE(first.entries.size() == 2);
  CHECK(first.entries[0].what == "change 4");
  CHECK(first.next_before == 4);
  const AuditPage rest = book.audit->page({}, {}, first.next_before, 10);
  CHECK(rest.entries.size() == 3);
  CHECK(rest.next_before == 0);
  const WallTime begun(std::chrono::seconds(1'786'979'045));
  const auto minute = std::chrono::minutes(1);
  const AuditPage within = book.audit->page(begun + minute, begun + 3 * minute, 0, 10);
  REQUIRE(within.entries.size() == 2);
  CHECK(within.entries[1].what == "change 1");
}

TEST_CASE("the record goes on after a restart, and heals a line that a crash has torn") {
  const Directory directory;
  const auto file = directory.path / "audit.jsonl";
  Book(file).add("one");
  replace(file, contents(file) + R"({"sequence":2,"time":"20)");
  {
    Book book(file);
    book.add("two");
    CHECK(book.newest() == std::vector<std::string>{"two", "one"});
    CHECK(book.audit->check().entries == 2);
    CHECK_FALSE(book.audit->check().broken_at);
  }
  replace(file, "");
  Book fresh(file);
  fresh.add("three");
  CHECK(fresh.audit->page({}, {}, 0, 1).entries.at(0).sequence == 1);
}

TEST_CASE("a line that was changed, left out or put in shows") {
  const Directory directory;
  const auto file = directory.path / "audit.jsonl";
  {
    Book book(file);
    for (int i = 0; i < 4; ++i) book.add("change " + std::to_string(i));
  }
  const std::string whole = contents(file);
  const std::string second =
      whole.substr(whole.find('\n') + 1, whole.find('\n', whole.find('\n') + 1) - whole.find('\n'));
  std::string edited = whole;
  edited.replace(edited.find("change 1"), 8, "chance 1");
  std::string cut = whole;
  cut.erase(cut.find(second), second.size());
  const std::string beheaded = whole.substr(whole.find('\n') + 1);
  for (const std::string& tampered : {edited, cut, beheaded, whole.substr(0, whole.find('\n') + 1) + "{}\n" + whole}) {
    replace(file, tampered);
    const AuditCheck check = Book(file).audit->check();
    CHECK(check.broken_at);
    CHECK_FALSE(check.why.empty());
  }
  replace(file, whole);
  CHECK_FALSE(Book(file).audit->check().broken_at);
}

TEST_CASE("an end that was cut off or changed while larderd runs shows", "[audit]") {
  const Directory directory;
  const auto file = directory.path / "audit.jsonl";
  Book book(file);
  book.add("one");
  book.add("two");
  const std::string whole = contents(file);
  std::string edited = whole;
  edited.replace(edited.find("two"), 3, "who");
  for (const std::string& tampered : {whole.substr(0, whole.find('\n') + 1), edited, std::string()}) {
    replace(file, tampered);
    CHECK(book.audit->check().broken_at);
  }
  replace(file, whole);
  CHECK_FALSE(book.audit->check().broken_at);
}

TEST_CASE("a last line that is no entry has had a number", "[audit]") {
  const Directory directory;
  const auto file = directory.path / "audit.jsonl";
  Book(file).add("one");
  replace(file, contents(file) + "no entry\n");
  Book book(file);
  book.add("two");
  CHECK(book.audit->page({}, {}, 0, 1).entries.at(0).sequence == 3);
  CHECK(book.newest() == std::vector<std::string>{"two", "one"});
}

TEST_CASE("where no new file can be begun, no entry that is on record is lost, however often it is tried", "[audit]") {
  const Directory directory;
  const auto file = directory.path / "audit.jsonl";
  for (unsigned number = 1; number < kAuditFiles; ++number) {
    replace(directory.path / ("audit." + std::to_string(number) + ".jsonl"), "older\n");
  }
  std::filesystem::create_directory(directory.path / "audit.jsonl.new");  // in the way
  replace(file, std::string(kAuditBytes - 1, 'x') + "\n");
  Book book(file);
  for (int i = 0; i < 8; ++i) book.add("change");
  CHECK_THAT(book.audit->problem(), Catch::Contains("opening " + file.string() + ".new"));
  CHECK(std::filesystem::file_size(file) == kAuditBytes);
  for (unsigned number = 1; number < kAuditFiles; ++number) {
    CHECK(contents(directory.path / ("audit." + std::to_string(number) + ".jsonl")) == "older\n");
  }
  std::filesystem::remove(directory.path / "audit.jsonl.new");
  book.add("at last");
  CHECK(book.audit->problem().empty());
  CHECK(book.newest(1) == std::vector<std::string>{"at last"});
}

TEST_CASE("files are of bounded size and number, and the chain goes on from one to the next") {
  const Directory directory;
  const auto file = directory.path / "audit.jsonl";
  Book book(file);
  book.add("first");
  // As if it had grown: what is there is one long line.
  for (unsigned round = 0; round < kAuditFiles + 2; ++round) {
    const std::string text = contents(file);
    std::filesystem::resize_file(file, 0);
    book.audit.reset();
    std::string long_line = text.substr(0, text.find('\n'));
    long_line.insert(long_line.size() - 1, ",\"x\":\"" + std::string(kAuditBytes - long_line.size() - 20, 'x') + "\"");
    replace(file, long_line + "\n");
    book.audit = std::make_unique<Audit>(file, book.clock);
    book.add("round " + std::to_string(round));
    CHECK(std::filesystem::file_size(file) < 4096);
    CHECK_FALSE(book.audit->check().broken_at);
  }
  std::size_t files = 0;
  for (const auto& each : std::filesystem::directory_iterator(directory.path)) {
    CHECK(each.file_size() <= kAuditBytes);
    ++files;
  }
  CHECK(files == kAuditFiles);
}

TEST_CASE("where nothing can be written orders are carried out, and the house says so") {
  Site site;
  site.directory = "/proc/no-such-directory";
  CHECK(site.post("/api/v1/cache/evict", R"({"url":"http://a.example/x"})").status == 200);
  CHECK_THAT(site.get("/api/v1/status").body, Catch::Contains("changes are not recorded: opening /proc/no-such"));
  CHECK(changes(site).empty());
}
