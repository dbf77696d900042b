// SPDX-License-Identifier: MIT
#include "proxy/entrance.h"

#include <catch2/catch.hpp>
#include <string>

using namespace larder::proxy;
using larder::reports::DeviceEvidence;
using larder::reports::Entrance;

namespace {

const OriginTable& origins() {
  static const OriginTable table = [] {
    larder::config::OriginsConfig config;
    larder::config::OriginHost host;
    host.name = "files.example";
    config.hosts.push_back(host);
    host.name = "localhost";
    config.hosts.push_back(host);
    host.name = "127.0.0.1";
    host.port = 9000;
    config.hosts.push_back(host);
    return OriginTable(config);
  }();
  return table;
}

// What a request with this line, Host and further field lines is classified as.
Classified ask(const std::string& line, const std::string& host = "192.0.2.1:8080", const std::string& more = "",
               ListenerKind listener = ListenerKind::plain) {
  const std::string text = line + " HTTP/1.1\r\nHost: " + host + "\r\n" + more + "\r\n";
  HeadParser parser;
  RequestHead head;
  INFO(text);
  REQUIRE(parser.parse(text, head) == HeadParser::State::complete);
  return classify(head, origins(), listener);
}

Classified get(const std::string& target, const std::string& host = "192.0.2.1:8080", const std::string& more = "") {
  return ask("GET " + target, host, more);
}

FetchTarget fetch(const Classified& classified) {
  REQUIRE(std::holds_alternative<FetchTarget>(classified));
  return std::get<FetchTarget>(classified);
}

std::string origin(const Classified& classified) {
  if (const auto* refusal = std::get_if<Refusal>(&classified)) return std::to_string(refusal->status);
  return fetch(classified).url.origin.text();
}

int refused(const Classified& classified) {
  const auto* refusal = std::get_if<Refusal>(&classified);
  if (refusal == nullptr) return 0;
  CHECK_FALSE(refusal->reason.empty());
  return refusal->status;
}

std::optional<Helper::Kind> helper(const Classified& classified) {
  const auto* found = std::get_if<Helper>(&classified);
  return found == nullptr ? std::nullopt : std::optional(found->kind);
}

}  // namespace

TEST_CASE("a content-cache request names its origin in the query") {
  const auto target = fetch(get("/content/a.pkg?source=swcdn.apple.com"));
  CHECK(target.entrance == Entrance::content_cache);
  CHECK(target.url.origin.host == "swcdn.apple.com");
  CHECK(target.url.origin.scheme == "http");
  CHECK(target.url.origin.target() == "/content/a.pkg");
  CHECK(target.token.empty());
  CHECK(target.token_from == DeviceEvidence::address);
}

TEST_CASE("the origin's scheme is sourceScheme, or https for port 443, or http") {
  CHECK(origin(get("/a?source=swcdn.apple.com&sourceScheme=https")) == "https://swcdn.apple.com/a");
  CHECK(origin(get("/a?source=swcdn.apple.com&sourceScheme=HTTPS")) == "https://swcdn.apple.com/a");
  CHECK(origin(get("/a?source=swcdn.apple.com:443")) == "https://swcdn.apple.com/a");
  CHECK(origin(get("/a?source=swcdn.apple.com%3A443&sourceScheme=https")) == "https://swcdn.apple.com/a");
  CHECK(origin(get("/a?source=swcdn.apple.com:80")) == "http://swcdn.apple.com/a");
  CHECK(origin(get("/a?source=SWCDN.Apple.com")) == "http://swcdn.apple.com/a");
  CHECK(origin(get("/a?source=files.example:443")) == "https://files.example/a");
  CHECK(origin(get("/a?source=files.example")) == "http://files.example/a");
  CHECK(origin(get("/a?source=127.0.0.1:9000")) == "http://127.0.0.1:9000/a");
}

TEST_CASE("the query's other items stay in order, as they were") {
  CHECK(origin(get("/a?b=%2F&source=files.example&c&&d=1&sourceScheme=http")) == "http://files.example/a?b=%2F&c&&d=1");
  CHECK(origin(get("/a?source=files.example&xsource=1&Source=2")) == "http://files.example/a?xsource=1&Source=2");
}

TEST_CASE("a query that names no origin properly is refused with 400") {
  for (const auto* query :
       {"source=", "source", "source=a&source=a", "source=files.example&source=files.example", "source=files.example/x",
        "source=http://files.example", "source=user%40files.example", "source=files.example:0",
        "source=files.example:x", "source=%zz", "source=files.example&sourceScheme=ftp",
        "source=files.example&sourceScheme=", "source=files.example&sourceScheme=http&sourceScheme=http",
        "sourceScheme=http", "cacheHostOrigin=", "cacheHostOrigin=a..b",
        "cacheHostOrigin=files.example&cacheHostOrigin=files.example",
        "cacheHostOrigin=files.example&source=files.example"}) {
    INFO(query);
    CHECK(refused(get(std::string("/a?") + query)) == 400);
  }
}

TEST_CASE("hosts that are no origin are refused with 403 by every entrance that can name one") {
  CHECK(refused(get("/a?source=evil.example")) == 403);
  CHECK(refused(get("/a?source=127.0.0.1")) == 403);
  CHECK(refused(get("/a?source=127.0.0.1:22")) == 403);
  CHECK(refused(get("/a?source=%5B::1%5D")) == 403);
  CHECK(refused(get("/a?source=stranger.example")) == 403);
  CHECK(refused(get("/a?source=swcdn.apple.com:22")) == 403);
  CHECK(refused(get("/a?source=swcdn.apple.com.evil.example")) == 403);
  CHECK(refused(get("/a?cacheHostOrigin=evil.example")) == 403);
  CHECK(refused(get("/a?cacheHostOrigin=169.254.169.254")) == 403);
  CHECK(refused(get("http://evil.example/a", "evil.example")) == 403);
  CHECK(refused(get("http://127.0.0.1/a", "127.0.0.1")) == 403);
}

TEST_CASE("a refusal is not to be kept") {
  const auto refusal = std::get<Refusal>(get("/a?source=evil.example"));
  REQUIRE(refusal.fields.size() == 1);
  CHECK(refusal.fields[0].second == "no-store");
  CHECK(refusal.reason.find("evil.example") != std::string::npos);
}

TEST_CASE("delivery optimization names its origin anywhere in the query") {
  const auto target =
      fetch(get("/filestreamingservice/files/1?P1=x&cacheHostOrigin=tlu.dl.delivery.mp.microsoft.com&P2=y"));
  CHECK(target.entrance == Entrance::delivery_optimization);
  CHECK(target.url.origin.text() == "http://tlu.dl.delivery.mp.microsoft.com/filestreamingservice/files/1?P1=x&P2=y");
}

TEST_CASE("absolute form is the proxy, and its query is the origin's alone") {
  const auto target = fetch(get("http://swcdn.apple.com/a?source=evil.example", "swcdn.apple.com"));
  CHECK(target.entrance == Entrance::proxy);
  CHECK(target.url.origin.text() == "http://swcdn.apple.com/a?source=evil.example");
  CHECK(origin(get("https://swcdn.apple.com/a", "swcdn.apple.com")) == "https://swcdn.apple.com/a");
  CHECK(origin(ask("POST http://files.example/a", "files.example")) == "http://files.example/a");
  CHECK(refused(get("ftp://swcdn.apple.com/a", "swcdn.apple.com")) == 400);
}

TEST_CASE("the proxy's user name is the device's token") {
  const auto user = [](const std::string& credentials) {
    return fetch(get("http://files.example/a", "files.example", "Proxy-Authorization: " + credentials + "\r\n"));
  };
  CHECK(user("Basic QzAyWFlaMTIzOg==").token == "C02XYZ123");
  CHECK(user("Basic QzAyWFlaMTIzOg==").token_from == DeviceEvidence::proxy_user);
  CHECK(user("basic QzAyWFlaMTIzOnNlY3JldA==").token == "C02XYZ123");
  for (const auto* wrong : {"Basic QzAyWFlaMTIzOg=", "Basic QzAy!FlaMTIzOg==", "Basic", "Basic ", "Bearer abc",
                            "Basic Og==", "Basic YSBiOmM=", "Basic QzAyWFlaMTIzOh=="}) {
    INFO(wrong);
    CHECK(user(wrong).token.empty());
    CHECK(user(wrong).token_from == DeviceEvidence::address);
  }
  const auto both =
      fetch(get("http://files.example/d/SERIAL/a", "files.example", "Proxy-Authorization: Basic QzAyWFlaMTIzOg==\r\n"));
  CHECK(both.token == "SERIAL");
  CHECK(both.token_from == DeviceEvidence::token);
}

TEST_CASE("a Host that names an origin is steered, and its query is the origin's alone") {
  const auto target = fetch(get("/a?source=evil.example", "swcdn.apple.com"));
  CHECK(target.entrance == Entrance::steered);
  CHECK(target.url.origin.text() == "http://swcdn.apple.com/a?source=evil.example");
  CHECK(origin(get("/a", "SWCDN.apple.com:80")) == "http://swcdn.apple.com/a");
  CHECK(origin(get("/a", "files.example:8080")) == "http://files.example/a");
  CHECK(origin(ask("GET /a", "files.example", "", ListenerKind::tls)) == "https://files.example/a");
}

TEST_CASE("an address in Host is Larder's own, even where it is an origin too") {
  CHECK(refused(get("/a", "127.0.0.1:9000")) == 404);
  CHECK(helper(get("/", "localhost")) == Helper::Kind::root);
}

TEST_CASE("CONNECT names host and port, known or not") {
  const auto known = std::get<Connect>(
      ask("CONNECT Swcdn.Apple.com:443", "swcdn.apple.com:443", "Proxy-Authorization: Basic QzAyWFlaMTIzOg==\r\n"));
  CHECK(known.host == "swcdn.apple.com");
  CHECK(known.port == 443);
  CHECK(known.rule != nullptr);
  CHECK(known.token == "C02XYZ123");
  const auto unknown = std::get<Connect>(ask("CONNECT [2001:db8::1]:8443", "[2001:db8::1]:8443"));
  CHECK(unknown.host == "2001:db8::1");
  CHECK(unknown.port == 8443);
  CHECK(unknown.rule == nullptr);
}

TEST_CASE("a token in front of the path is taken off by every entrance") {
  const auto content = fetch(get("/d/C02XYZ/a?source=files.example"));
  CHECK(content.token == "C02XYZ");
  CHECK(content.token_from == DeviceEvidence::token);
  CHECK(content.url.origin.text() == "http://files.example/a");
  const auto proxied = fetch(get("http://files.example/d/C02XYZ/a", "files.example"));
  CHECK(proxied.token == "C02XYZ");
  CHECK(proxied.url.origin.text() == "http://files.example/a");
  CHECK(fetch(get("/d/C02XYZ/a", "files.example")).token == "C02XYZ");
  CHECK(fetch(get("/d/C02XYZ/a?cacheHostOrigin=files.example")).token == "C02XYZ");
  const auto helper_found = std::get<Helper>(get("/d/a%2Db%3Ac/lcdn/locate"));
  CHECK(helper_found.kind == Helper::Kind::locate);
  CHECK(helper_found.token == "a-b:c");
  CHECK(std::get<Helper>(get("/d/C02XYZ")).kind == Helper::Kind::root);
  CHECK(fetch(get("/d/C02XYZ/mau/Current/0409MSWD2019.xml")).token == "C02XYZ");
}

TEST_CASE("what is no token is refused where the path is Larder's, and left where it is the origin's") {
  for (const auto* path : {"/d//lcdn/locate", "/d/a%20b/lcdn/locate", "/d/%zz/lcdn/locate", "/d/a%2Fb/lcdn/locate",
                           "/d/%2541/lcdn/locate", "/d/"}) {
    INFO(path);
    CHECK(refused(get(path)) == 400);
  }
  CHECK(refused(get("/d/" + std::string(64, 'a') + "/lcdn/locate")) == 0);
  CHECK(refused(get("/d/" + std::string(65, 'a') + "/lcdn/locate")) == 400);
  CHECK(refused(get("/d/a%20b/c?source=files.example")) == 400);
  CHECK(origin(get("http://files.example/d/a%20b/c", "files.example")) == "http://files.example/d/a%20b/c");
  CHECK(origin(get("http://files.example/d/a", "files.example")) == "http://files.example/d/a");
}

TEST_CASE("Windows Update's own folder d is not taken for a token") {
  const std::string host = "download.windowsupdate.com";
  const auto plain = fetch(get("http://" + host + "/d/msdownload/update/a.cab", host));
  CHECK(plain.token.empty());
  CHECK(plain.url.origin.text() == "http://" + host + "/d/msdownload/update/a.cab");
  CHECK(origin(get("/d/msdownload/update/a.cab", host)) == "http://" + host + "/d/msdownload/update/a.cab");
  CHECK(origin(get("/d/msdownload/a.cab?cacheHostOrigin=" + host)) == "http://" + host + "/d/msdownload/a.cab");
  const auto named = fetch(get("/d/PC-17/d/msdownload/a.cab?cacheHostOrigin=" + host));
  CHECK(named.token == "PC-17");
  CHECK(named.url.origin.text() == "http://" + host + "/d/msdownload/a.cab");
}

TEST_CASE("the update cache is known by its path, whatever Host says") {
  const auto target = fetch(get("/mau/Current/0409MSWD2019.xml", "larder.example"));
  CHECK(target.entrance == Entrance::update_cache);
  REQUIRE(target.mau.has_value());
  CHECK(target.mau->channel->name == "Current");
  CHECK(target.mau->file == "0409MSWD2019.xml");
  CHECK(target.mau->collateral);
  const auto admin = fetch(get("/x/MAU/cache/Microsoft_Word_16.1.2_Updater.pkg"));
  REQUIRE(admin.mau.has_value());
  CHECK_FALSE(admin.mau->collateral);
  CHECK(refused(get("/mau/NoSuchChannel/0409MSWD2019.xml")) == 404);
}

TEST_CASE("Microsoft's own layouts are answered under any Host") {
  const std::string guid = "C1297A47-86C4-4C1F-97FA-950631F94777";
  const std::string at = "https://res.public.onecdn.static.microsoft/mro1cdnstorage/";
  const auto legacy = fetch(get("/pr/" + guid + "/MacAutoupdate/0409MSWD2019.xml", "larder.example"));
  CHECK(legacy.entrance == Entrance::update_cache);
  CHECK_FALSE(legacy.mau.has_value());
  CHECK(legacy.url.origin.text().starts_with(at));
  CHECK(fetch(get("/mro1cdnstorage/" + guid + "/MacAutoupdate/a.pkg")).url.origin.host ==
        "res.public.onecdn.static.microsoft");
  CHECK(refused(get("/pr/not-a-guid/MacAutoupdate/a.pkg")) == 404);
  CHECK(refused(get("/pr/" + guid + "/MacAutoupdate/")) == 404);
}

TEST_CASE("helpers are known by their path") {
  CHECK(helper(get("/", "192.0.2.1", "Max-Forwards: 0\r\n")) == Helper::Kind::probe);
  CHECK(helper(get("/")) == Helper::Kind::root);
  CHECK(helper(get("/", "192.0.2.1", "Max-Forwards: 1\r\n")) == Helper::Kind::root);
  CHECK(helper(get("/proxy.pac")) == Helper::Kind::proxy_pac);
  CHECK(helper(get("/proxy.pac?x")) == Helper::Kind::proxy_pac);
  CHECK(helper(ask("POST /lcdn/locate")) == Helper::Kind::locate);
  CHECK(helper(get("/profiles/content-cache")) == Helper::Kind::profiles);
  CHECK(helper(ask("OPTIONS *")) == Helper::Kind::asterisk);
  CHECK(helper(get("/self-test")) == Helper::Kind::self_test);
  CHECK(helper(get("/d/MAC1/self-test.json")) == Helper::Kind::self_test);
  CHECK(refused(get("/self-test.html")) == 404);
}

TEST_CASE("the self-test is answered to a proxy's request too, but never in an origin's place") {
  const auto asked = std::get<Helper>(get("http://Larder.example:8080/d/MAC1/self-test.json", "Larder.example:8080"));
  CHECK(asked.kind == Helper::Kind::self_test);
  CHECK(asked.host == "larder.example");
  CHECK(asked.token == "MAC1");
  CHECK(asked.path == "/self-test.json");
  CHECK(std::get<Helper>(get("/self-test")).host.empty());
  CHECK(origin(get("http://files.example/self-test", "files.example")) == "http://files.example/self-test");
  CHECK(origin(get("/self-test", "files.example")) == "http://files.example/self-test");
  CHECK(refused(get("http://larder.example/proxy.pac", "larder.example")) == 403);
}

TEST_CASE("a path without meaning is 404 under Larder's address and 421 under a foreign name") {
  CHECK(refused(get("/nothing")) == 404);
  CHECK(refused(get("/nothing", "larder")) == 404);
  CHECK(refused(get("/nothing", "")) == 404);
  CHECK(refused(get("/nothing", "www.example.org")) == 421);
  CHECK(refused(get("/proxy.pacx")) == 404);
}

TEST_CASE("localhost is steered where it names an origin and Larder's own paths mean nothing") {
  CHECK(origin(get("/a?x=1", "localhost:8080")) == "http://localhost/a?x=1");
  CHECK(origin(get("/a", "192.0.2.1")) == "404");
  CHECK(helper(get("/", "localhost")) == Helper::Kind::root);
  CHECK(fetch(get("/a?source=files.example", "localhost")).entrance == Entrance::content_cache);
  CHECK(fetch(get("/a", "localhost")).entrance == Entrance::steered);
}
