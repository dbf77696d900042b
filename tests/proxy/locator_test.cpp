// SPDX-License-Identifier: MIT
#include "proxy/locator.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>

using namespace larder;
using namespace larder::proxy;

namespace {

LocatedServer server(const std::string& address, std::uint16_t port, int rank = 1) {
  return {config::Address::parse(address).value(), port, rank};
}

nlohmann::json answer(const std::vector<LocatedServer>& servers) {
  return nlohmann::json::parse(locate_answer(servers, std::chrono::seconds(900), 150000000000));
}

// As AssetCacheLocatorService 106.1 asks: https://github.com/azenla/AppleCache, locator/README.
constexpr std::string_view kRecorded = R"({"ranked-results": true, "locator-tag": "#f5cfd4d0",
  "local-addresses": ["10.0.0.60"], "public-address-ranges": [[]],
  "locator-software": [
    {"build": "19A578c", "type": "system", "name": "Mac OS X", "version": "10.15"},
    {"id": "com.apple.AssetCacheLocatorService", "executable": "AssetCacheLocatorService", "type": "bundle",
     "name": "AssetCacheLocatorService", "version": "106.1"}]})";

}  // namespace

TEST_CASE("a recorded locate request tells the system and its build") {
  const auto request = read_locate_request(kRecorded);
  REQUIRE(request);
  CHECK(request->os == "macOS");
  CHECK(request->os_version == "10.15");
  CHECK(request->build == "19A578c");
}

TEST_CASE("systems are named as everywhere else") {
  const auto os = [](const std::string& name) {
    return read_locate_request(R"({"locator-software": [{"type": "system", "name": ")" + name + R"("}]})")->os;
  };
  CHECK(os("iPhone OS") == "iOS");
  CHECK(os("Apple TVOS") == "tvOS");
  CHECK(os("xrOS") == "visionOS");
  CHECK(os("homeOS") == "homeOS");
}

TEST_CASE("what a locate request does not say, or says in another type, is not known") {
  for (const char* json :
       {"{}", R"({"locator-software": 7})", R"({"locator-software": [7, [], {"type": "system"}]})",
        R"({"locator-software": [{"type": "system", "name": 1, "version": {}, "build": "a\u0000b"}]})",
        R"({"locator-software": [{"type": "bundle", "name": "macOS", "version": "15"}]})"}) {
    INFO(json);
    const auto request = read_locate_request(json);
    REQUIRE(request);
    CHECK(request->os.empty());
    CHECK(request->os_version.empty());
    CHECK(request->build.empty());
  }
}

TEST_CASE("what is no JSON object is no locate request") {
  for (const std::string& json : {std::string(), std::string("null"), std::string("[1]"), std::string("{\"a\": "),
                                  std::string("\xff\xfe"), std::string(60000, '[')}) {
    CHECK_FALSE(read_locate_request(json));
  }
}

TEST_CASE("the answer has the shape of the recorded one") {
  const auto json = answer({server("10.0.0.60", 54459)});
  CHECK(json["validity-interval"] == 900);
  CHECK(json["connect-timeout"] == 0.75);
  REQUIRE(json["servers"].size() == 1);
  const auto& only = json["servers"][0];
  CHECK(only["address"] == "10.0.0.60");
  CHECK(only["port"] == 54459);
  CHECK(only["rank"] == 1);
  CHECK(only["details"]["capabilities"] == nlohmann::json({{"ur", true}, {"sc", true}, {"query-parameters", true}}));
  CHECK(only["details"]["cache-size"] == 150000000000);
}

TEST_CASE("a server's guid is its own and stays") {
  const auto first = answer({server("10.0.0.60", 8080), server("10.0.0.61", 8080), server("2001:db8::1", 8080, 2)});
  const auto again = answer({server("10.0.0.60", 8080)});
  std::set<std::string> guids;
  for (const auto& one : first["servers"]) guids.insert(one["guid"].get<std::string>());
  CHECK(guids.size() == 3);
  CHECK(again["servers"][0]["guid"] == first["servers"][0]["guid"]);
  for (const std::string& guid : guids) {
    INFO(guid);
    CHECK(guid.size() == 36);
    CHECK(guid.find_first_not_of("0123456789ABCDEF-") == std::string::npos);
    CHECK(guid[14] == '8');
  }
  CHECK(first["servers"][2]["address"] == "2001:db8::1");
  CHECK(first["servers"][2]["rank"] == 2);
}
