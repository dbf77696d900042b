// SPDX-License-Identifier: MIT
#include "proxy/locator.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace larder::proxy {
namespace {

using Json = nlohmann::ordered_json;

// Of a text from the network, and into the ledger.
constexpr std::size_t kTextBytes = 64;

// What the systems call themselves, and what they are called everywhere else.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kSystems{{{"Mac OS X", "macOS"},
                                                                                 {"macOS", "macOS"},
                                                                                 {"iPhone OS", "iOS"},
                                                                                 {"iOS", "iOS"},
                                                                                 {"iPadOS", "iPadOS"},
                                                                                 {"Apple TVOS", "tvOS"},
                                                                                 {"tvOS", "tvOS"},
                                                                                 {"Watch OS", "watchOS"},
                                                                                 {"xrOS", "visionOS"}}};

std::string text_of(const Json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end() || !found->is_string()) return {};
  const auto& text = found->get_ref<const std::string&>();
  return text.size() <= kTextBytes && is_printable_utf8(text) ? text : std::string{};
}

std::string system_name(const std::string& own) {
  for (const auto& [name, usual] : kSystems) {
    if (equals_ignoring_case(own, name)) return std::string(usual);
  }
  return own;
}

// A UUID made of what it names (RFC 9562 5.8: version 8), in the upper case that Apple's services write.
std::string guid_of(const LocatedServer& server) {
  const std::string name = "larder content cache " + config::Endpoint{server.address.text(), server.port}.text();
  std::string hex = Sha256::of(std::as_bytes(std::span(name))).hex().substr(0, 32);
  hex[12] = '8';
  hex[16] = "89AB"[static_cast<unsigned>(hex[16]) % 4];
  for (char& c : hex) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
         hex.substr(20);
}

Json describe(const LocatedServer& server, std::uint64_t cache_bytes) {
  // The server software of the recorded answer.
  constexpr const char* kVersion = "233";
  constexpr double kConnectTimeout = 0.5;
  constexpr int kLocalSpeed = 1000;
  Json details;
  details["capabilities"] = {{"ur", true}, {"sc", true}, {"query-parameters", true}};
  details["cache-size"] = cache_bytes;
  details["ac-power"] = true;
  details["is-portable"] = false;
  details["local-network"] = Json::array({{{"speed", kLocalSpeed}, {"wired", true}}});
  Json described;
  described["address"] = server.address.text();
  described["port"] = server.port;
  described["guid"] = guid_of(server);
  described["version"] = kVersion;
  described["connect-timeout"] = kConnectTimeout;
  described["details"] = std::move(details);
  described["rank"] = server.rank;
  return described;
}

}  // namespace

Result<LocateRequest> read_locate_request(std::string_view json) {
  const Json body = Json::parse(json, nullptr, false);
  if (!body.is_object()) {
    return fail(ErrorKind::invalid,
                "The body of a locate request must be a JSON object, as AssetCacheLocatorService sends it.");
  }
  LocateRequest request;
  const auto software = body.find("locator-software");
  if (software == body.end() || !software->is_array()) return request;
  for (const Json& item : *software) {
    if (!item.is_object() || text_of(item, "type") != "system") continue;
    request.os = system_name(text_of(item, "name"));
    request.os_version = text_of(item, "version");
    request.build = text_of(item, "build");
  }
  return request;
}

std::string locate_answer(const std::vector<LocatedServer>& servers, std::chrono::seconds validity,
                          std::uint64_t cache_bytes) {
  constexpr double kConnectTimeout = 0.75;
  Json answer;
  answer["connect-timeout"] = kConnectTimeout;
  answer["servers"] = Json::array();
  for (const LocatedServer& server : servers) answer["servers"].push_back(describe(server, cache_bytes));
  answer["validity-interval"] = validity.count();
  return answer.dump() + "\n";
}

}  // namespace larder::proxy
