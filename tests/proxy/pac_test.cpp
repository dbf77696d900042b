// SPDX-License-Identifier: MIT
// What the script says; what it does is tried in a JavaScript engine by tests/scenarios/test_pac.py.
#include "proxy/pac.h"

#include <catch2/catch.hpp>

using namespace larder;
using namespace larder::proxy;
using Catch::Contains;

namespace {

OriginTable table(const std::vector<std::pair<std::string, int>>& hosts) {
  config::OriginsConfig config;
  config.vendors = {};
  for (const auto& [name, port] : hosts) {
    config::OriginHost host;
    host.name = name;
    if (port != 0) host.port = static_cast<std::uint16_t>(port);
    config.hosts.push_back(host);
  }
  return OriginTable(config);
}

}  // namespace

TEST_CASE("the script names each host once, with its ports") {
  const auto script = pac_script(table({{"files.example", 0}, {"files.example", 8443}, {".wide.example", 0}}),
                                 config::Endpoint{"10.1.2.3", 8080});
  CHECK_THAT(script, Contains(R"(var larder = "PROXY 10.1.2.3:8080; DIRECT";)"));
  CHECK_THAT(script, Contains(R"("=files.example": ",8443,80,443,")"));
  CHECK_THAT(script, Contains(R"(".wide.example": ",80,443,")"));
}

TEST_CASE("an IPv6 address stands in brackets") {
  CHECK_THAT(pac_script(table({}), config::Endpoint{"2001:db8::7", 8080}),
             Contains("PROXY [2001:db8::7]:8080; DIRECT"));
}

TEST_CASE("without a plain entrance everything goes direct") {
  CHECK_THAT(pac_script(table({{"files.example", 0}}), std::nullopt), Contains(R"(var larder = "DIRECT";)"));
}

TEST_CASE("a host's name cannot end its string") {
  const auto script = pac_script(table({{"a\"};alert(1);//\\\n</script>", 0}}), config::Endpoint{"a\"b", 80});
  CHECK_THAT(script, !Contains("alert("));
  CHECK_THAT(script, Contains(R"(\x22\x7d;alert\x281\x29;\x2f\x2f\x5c\x0a\x3c\x2fscript\x3e)"));
  CHECK_THAT(script, Contains(R"(PROXY a\x22b:80)"));
}
