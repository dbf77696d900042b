// SPDX-License-Identifier: MIT
#include "config/load.h"

#include <catch2/catch.hpp>
#include <string>

#include "config/document.h"
#include "temporary_directory.h"

using namespace larder::config;

namespace {

std::string problems_of(const std::string& toml) {
  const Loaded loaded = load_text(toml, "larder.toml");
  CHECK((loaded.config == nullptr) == !loaded.problems.empty());
  std::string all;
  for (const auto& problem : loaded.problems) all += problem.text() + "\n";
  return all;
}

void refused(const std::string& toml, const std::string& expected) {
  INFO(toml);
  CHECK_THAT(problems_of(toml), Catch::Contains(expected));
}

}  // namespace

TEST_CASE("an empty file is the defaults") {
  const Loaded loaded = load_text("", "larder.toml");
  REQUIRE(loaded.config != nullptr);
  CHECK(loaded.config->listen.http == std::vector<Endpoint>{{"0.0.0.0", 8080}});
  CHECK(loaded.config->listen.admin == std::vector<Endpoint>{{"127.0.0.1", 8081}});
  CHECK(loaded.config->storage.path == "/var/lib/larder");
  CHECK(loaded.config->access.clients == private_networks());
  CHECK(loaded.config->file.empty());
}

TEST_CASE("every key of a file arrives") {
  const Loaded loaded = load_text(R"(
[listen]
http = ["0.0.0.0:80", "[::]:80"]
sni = ["0.0.0.0:443"]
admin = ["127.0.0.1:0", "[::1]:0"]
[storage]
path = "/srv/larder"
cache_size = "1.5 TiB"
reserve = "10 GB"
[access]
clients = ["private", "198.51.100.0/24"]
[limits]
head_timeout = "5s"
body_timeout = "6s"
body_rate = "2 KiB"
keep_alive = "7s"
send_timeout = "8s"
connections = 9
connections_per_client = 10
requests = 11
exempt = ["10.1.2.3"]
[rates]
client = "100 Mbit/s"
line = "50 Mbit/s"
[[rates.window]]
hours = "08:00-17:00"
days = ["mon", "fri"]
line = "10 Mbit/s"
[[rates.window]]
hours = "22:00-06:00"
client = ""
[updates]
holdoff = "1h30m"
[fills]
finish = "always"
connections_per_origin = 4
stall = "1m"
attempts = 7
[origins]
vendors = ["apple"]
proxy = "http://proxy.example.org:3128"
[[origins.host]]
name = "SWCDN.apple.com"
connect_to = "127.0.0.1:9443"
scheme = "http"
[[origins.host]]
name = "mirror.example.org:8443"
[ledger]
retention = "7d"
[log]
level = "warning"
)",
                                  "larder.toml");
  for (const auto& problem : loaded.problems) UNSCOPED_INFO(problem.text());
  REQUIRE(loaded.config != nullptr);
  const Config& config = *loaded.config;
  CHECK(config.listen.http == std::vector<Endpoint>{{"0.0.0.0", 80}, {"::", 80}});
  CHECK(config.listen.sni == std::vector<Endpoint>{{"0.0.0.0", 443}});
  CHECK(config.listen.admin == std::vector<Endpoint>{{"127.0.0.1", 0}, {"::1", 0}});
  CHECK(config.storage.path == "/srv/larder");
  CHECK(config.storage.cache_size_bytes == 1536 * larder::kGiB);
  CHECK(config.storage.reserve_bytes == 10'000'000'000);
  CHECK(config.access.clients.size() == private_networks().size() + 1);
  CHECK(config.limits.head_timeout == std::chrono::seconds(5));
  CHECK(config.limits.body_timeout == std::chrono::seconds(6));
  CHECK(config.limits.body_rate_bytes == 2048);
  CHECK(config.limits.keep_alive == std::chrono::seconds(7));
  CHECK(config.limits.send_timeout == std::chrono::seconds(8));
  CHECK(config.limits.connections == 9);
  CHECK(config.limits.connections_per_client == 10);
  CHECK(config.limits.requests == 11);
  CHECK(config.limits.exempt == std::vector<Network>{*Network::parse("10.1.2.3/32")});
  CHECK(config.rates.client == 12'500'000);
  CHECK(config.rates.line == 6'250'000);
  REQUIRE(config.rates.windows.size() == 2);
  CHECK(config.rates.windows[0].begin_minute == 480);
  CHECK(config.rates.windows[0].end_minute == 1020);
  CHECK(config.rates.windows[0].days == std::array<bool, 7>{true, false, false, false, true, false, false});
  CHECK_FALSE(config.rates.windows[0].client);
  CHECK(config.rates.windows[0].line == 1'250'000);
  CHECK(config.rates.windows[1].client == 0);
  CHECK_FALSE(config.rates.windows[1].line);
  CHECK(config.updates.holdoff == std::chrono::minutes(90));
  CHECK(config.fills.finish == FinishFills::always);
  CHECK(config.fills.connections_per_origin == 4);
  CHECK(config.fills.stall == std::chrono::seconds(60));
  CHECK(config.fills.attempts == 7);
  CHECK(config.origins.vendors == std::vector<std::string>{"apple"});
  CHECK(config.origins.proxy == "http://proxy.example.org:3128");
  REQUIRE(config.origins.hosts.size() == 2);
  CHECK(config.origins.hosts[0].name == "swcdn.apple.com");
  CHECK_FALSE(config.origins.hosts[0].port);
  CHECK(config.origins.hosts[0].connect_to == Endpoint{"127.0.0.1", 9443});
  CHECK(config.origins.hosts[0].scheme == "http");
  CHECK(config.origins.hosts[1].name == "mirror.example.org");
  CHECK(config.origins.hosts[1].port == 8443);
  CHECK_FALSE(config.origins.hosts[1].connect_to);
  CHECK(config.ledger.retention == std::chrono::hours(168));
  CHECK(config.log.level == "warning");
}

TEST_CASE("a price is an amount and a currency") {
  const Loaded loaded =
      load_text("reports.price_per_gb = \"0.05 \u20ac\"\nreports.line_rate = \"80 Mbit/s\"", "larder.toml");
  REQUIRE(loaded.config);
  CHECK(loaded.config->reports.price_per_gb == 0.05);
  CHECK(loaded.config->reports.currency == "\u20ac");
  CHECK(loaded.config->reports.line_bytes_per_second == 10'000'000);
}

TEST_CASE("holdoffs are of applications, in one channel or in all") {
  const Loaded loaded = load_text("updates.holdoffs = [\"0409OPIM2019 6h\", \"MSWD2019  Preview 0s\"]", "larder.toml");
  REQUIRE(loaded.config);
  const auto& holdoffs = loaded.config->updates.holdoffs;
  REQUIRE(holdoffs.size() == 2);
  CHECK(holdoffs[0].application == "OPIM2019");
  CHECK(holdoffs[0].channel.empty());
  CHECK(holdoffs[0].lasting == std::chrono::hours(6));
  CHECK(holdoffs[1].application == "MSWD2019");
  CHECK(holdoffs[1].channel == "Preview");
  CHECK(holdoffs[1].lasting == std::chrono::seconds(0));
}

TEST_CASE("a rate or a window that means nothing is refused by its line") {
  refused("[rates]\nline = \"50\"", "larder.toml:2: rates.line: \"50\" is not a rate");
  refused("[rates]\nclient = 50", "larder.toml:2: rates.client: this must be text");
  refused("[[rates.window]]\nhours = \"8-17\"\nline = \"1 MB/s\"",
          "larder.toml:2: rates.window.hours: \"8-17\" are no hours");
  refused("[[rates.window]]\ndays = [\"monday\"]\nline = \"1 MB/s\"",
          "larder.toml:2: rates.window.days: \"monday\" is not known");
  refused("[[rates.window]]\ndays = []\nline = \"1 MB/s\"", "larder.toml:2: rates.window.days: a window on no day");
  refused("[log]\n[[rates.window]]\nhours = \"08:00-17:00\"", "larder.toml:2: rates.window: the table sets no rate");
  refused("[rates.window]\nline = \"1 MB/s\"", "larder.toml:1: write [[rates.window]], with two brackets");
  refused("[[rates.window]]\nrate = \"1 MB/s\"", "larder.toml:2: there is no key \"rates.window.rate\"");
  refused("[[rates.window]]\nline = \"fast\"", "larder.toml:2: rates.window.line: \"fast\" is not a rate");
}

TEST_CASE("a limit that would let nobody in, or nobody go, is refused") {
  refused("[limits]\nconnections = 0", "larder.toml:2: limits.connections: this must be a number from 1 to 1000000");
  refused("[limits]\nhead_timeout = \"0s\"", "larder.toml:2: limits.head_timeout: \"0s\" is outside");
  refused("[limits]\nbody_rate = \"0 B\"",
          "larder.toml:2: limits.body_rate: a body without a least rate may never end");
  refused("[limits]\nexempt = [\"10.0.0.1/8\"]", "larder.toml:2: limits.exempt: ");
}

TEST_CASE("all problems are found in one go, each with its line, in order") {
  CHECK(problems_of("[storage]\ncache_size = \"much\"\nreserve = 5\n[log]\nlevel = \"loud\"\n") ==
        "larder.toml:2: storage.cache_size: \"much\" is not an amount of bytes; write a number and a unit, such as "
        "\"200 GiB\"\n"
        "larder.toml:3: storage.reserve: a size is a number and a unit in quotes, such as \"200 GiB\"\n"
        "larder.toml:5: log.level: \"loud\" is none of \"trace\", \"debug\", \"info\", \"warning\", \"error\"\n");
}

TEST_CASE("a syntax error names its line") {
  refused("[storage]\n\npath = \n", "larder.toml:3: this is not valid TOML");
  refused("[storage]\npath = \"/a\"\npath = \"/b\"\n", "larder.toml:3: this is not valid TOML");
  refused("[log]\nlevel = \"a\xFF\"\n", "larder.toml:2: this is not valid TOML");
}

TEST_CASE("an unknown key is an error that names the nearest known one") {
  refused("[storage]\ncache_sise = \"1 GiB\"",
          "larder.toml:2: there is no key \"storage.cache_sise\"; did you mean "
          "\"storage.cache_size\"?");
  refused("storage.retention = \"7d\"", "did you mean \"ledger.retention\"?");
  refused("[log]\ncolour = true", "there is no key \"log.colour\"; remove it (`larder config explain` lists all keys)");
  refused("[[origins.host]]\nname = \"a\"\nport = 5", "larder.toml:3: there is no key \"origins.host.port\"");
}

TEST_CASE("an unknown table is an error that names the nearest known one, once") {
  CHECK(problems_of("[storag]\npath = \"/a\"\nreserve = \"1 GiB\"") ==
        "larder.toml:1: there is no table \"[storag]\"; did you mean \"[storage]\"?\n");
  refused("[[origins.hosts]]\nname = \"a\"", "did you mean \"[origins.host]\"?");
  refused("[quite_different.thing]\na = 1", "there is no table \"[quite_different]\"; remove it");
}

TEST_CASE("single and double brackets are told apart") {
  CHECK(problems_of("[origins.host]\nname = \"a.example.org\"") ==
        "larder.toml:1: write [[origins.host]], with two brackets: there can be several\n");
  refused("[[storage]]\npath = \"/a\"", "larder.toml:1: write [storage], with single brackets: there is only one");
}

TEST_CASE("a value of the wrong kind is refused") {
  refused("storage.path = 5", "storage.path: this must be text");
  refused("storage.path = \"a\\u0007\"", "control characters");
  refused("storage = \"/var\"", "\"storage\" is a table, not a key; write [storage]");
  refused("listen.http = \"0.0.0.0:80\"", "listen.http: this must be a list of texts");
  refused("listen.http = [80]", "listen.http: this must be text");
  refused("listen.http = [[\"0.0.0.0:80\"]]", "listen.http: this must be text");
  refused("fills.attempts = \"5\"", "fills.attempts: this must be a number from 1 to 100, without quotes");
  refused("fills.attempts = 0", "1 to 100");
  refused("fills.attempts = 101", "1 to 100");
  refused("fills.attempts = 1.5", "1 to 100");
  for (const char* price : {"0.05", "EUR", "0.05EUR", "-1 EUR", "nan EUR", "inf EUR", "1e9 EUR", "0 EUR", "0.05 EUR0",
                            "0.05 E R", "0,05 EUR", "0.05 dollars-US"}) {
    refused("reports.price_per_gb = \"" + std::string(price) + "\"", "is no price; write an amount and a currency");
  }
  refused("updates.holdoffs = [\"OPIM2019\"]", "\"OPIM2019\" has not two or three words");
  refused("updates.holdoffs = [\"OPIM2019 soon\"]", "ends in no span of time");
  refused("updates.holdoffs = [\"OPIM/2019 6h\"]", "other than letters, digits and dashes");
  refused("updates.holdoffs = [\"OPIM2019 31d\"]", "longer than 30 days");
  refused("updates.holdoffs = [\"0409 6h\"]", "names no application");
  refused("updates.holdoff = 24", "a span of time is numbers and units in quotes");
  refused("updates.holdoff = 1979-05-27T07:32:00Z", "a span of time is numbers and units in quotes");
}

TEST_CASE("sizes, spans and paths have limits") {
  refused("storage.cache_size = \"63 MiB\"", "storage.cache_size: a cache of less than 64 MiB");
  CHECK(problems_of("storage.cache_size = \"64 MiB\"").empty());
  refused("fills.stall = \"0s\"", "write something from \"1s\" to \"10m\"");
  refused("storage.path = \"var/larder\"", "storage.path: \"var/larder\" is a relative path");
  refused("storage.path = \"\"", "storage.path: this must name a directory");
}

TEST_CASE("lists name the line of each bad element and refuse repetitions") {
  refused("access.clients = [\n\"private\",\n\"10.0.0.1/8\",\n\"lan\",\n]",
          "larder.toml:3: access.clients: \"10.0.0.1/8\"");
  refused("access.clients = [\n\"private\",\n\"10.0.0.1/8\",\n\"lan\",\n]", "larder.toml:4: access.clients: \"lan\"");
  refused("access.clients = [\"private\", \"private\"]", "\"private\" is there twice; remove one");
  refused("origins.vendors = [\"aple\"]", "\"aple\" is not known; did you mean \"apple\"?");
  refused("origins.vendors = [\"linux-mint\"]", R"(known are "apple", "microsoft", "windows")");
}

TEST_CASE("a listener is a numeric address") {
  refused("listen.http = [\"localhost:80\"]", "\"localhost:80\" names a host; to listen, write the address itself");
  refused("listen.http = [\"8080\"]", "it has no port");
}

TEST_CASE("a proxy's URL is checked") {
  for (const auto* good : {"http://p:1", "https://p.example.org", "http://u:p@[::1]:80/", "http://[2001:db8::1]"}) {
    INFO(good);
    CHECK(problems_of(std::string("origins.proxy = \"") + good + "\"").empty());
  }
  for (const auto* bad :
       {"p:1", "ftp://p:1", "http://", "http://p:99999", "http://p/path", "http:// p", "http://[::1"}) {
    refused(std::string("origins.proxy = \"") + bad + "\"", "this is not a proxy's URL");
  }
}

TEST_CASE("an origin host is checked") {
  refused("[[origins.host]]\nscheme = \"http\"", "larder.toml:1: origins.host: the table names no host");
  refused("[[origins.host]]\nname = \"http://a\"", "larder.toml:2: origins.host.name: \"http://a\" is not a host");
  refused("[[origins.host]]\nname = \"a:0\"", "is not a host");
  refused("[[origins.host]]\nname = \"a\"\nconnect_to = \"10.0.0.1\"", "larder.toml:3: origins.host.connect_to: ");
  refused("[[origins.host]]\nname = \"a\"\nconnect_to = \"10.0.0.1:0\"", "port 0 cannot be connected to");
  refused("[[origins.host]]\nname = \"a\"\nscheme = \"ftp\"", "origins.host.scheme: \"ftp\" is none of");
  refused("[[origins.host]]\nname = \"a\"\n[[origins.host]]\nname = \"A\"",
          "larder.toml:4: origins.host.name: \"a\" has");
  CHECK(problems_of("[[origins.host]]\nname = \"a\"\n[[origins.host]]\nname = \"a:81\"").empty());
}

TEST_CASE("a file that cannot be read is a problem of the file") {
  const TemporaryDirectory directory;
  const auto absent = load_file(directory.path() / "absent.toml");
  REQUIRE(absent.problems.size() == 1);
  CHECK(absent.problems[0].text() == (directory.path() / "absent.toml").string() +
                                         ": cannot be read: No such file or directory; check the path given to "
                                         "--config");
  CHECK(load_file(directory.path()).problems.size() == 1);
  CHECK(load_file(directory.write("good.toml", "[log]\nlevel = \"debug\"")).config->log.level == "debug");
}

TEST_CASE("hostile files are refused without harm") {
  refused(std::string(kFileBytes + 1, '#'), "the file is larger than");
  std::string deep = "a";
  while (deep.size() < kFileBytes - 8) deep += ".a";
  CHECK_FALSE(problems_of(deep + "=1").empty());
  refused("access.clients = [\"10.0.0.0/8\", '1.2.3.4', \"\\\".....................\"] # ....................",
          "is not a network");
  refused("a = \"\"\"\nx\"\"\"", "larder.toml:1: texts over several lines");
  CHECK_FALSE(problems_of("x = " + std::string(60000, '[')).empty());
  CHECK_FALSE(problems_of("\"\\u0000\\u001b[2J\" = 1").empty());
  CHECK(problems_of("\"\\u0000\\u001b[2J\" = 1").find('\x1b') == std::string::npos);
}
