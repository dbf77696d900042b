// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "updates/user_agent.h"

using larder::updates::read_user_agent;

TEST_CASE("an App Store agent names system, model and build") {
  const auto facts =
      read_user_agent("com.apple.appstored/1.0 iOS/18.0 model/iPhone16,2 hwp/t8130 build/22A3354 (6; dt:311) AMS/1");
  CHECK(facts.os == "iOS");
  CHECK(facts.os_version == "18.0");
  CHECK(facts.model == "iPhone16,2");
  CHECK(facts.build == "22A3354");
  CHECK(facts.exact);
}

TEST_CASE("an iPad's iOS is iPadOS since 13") {
  CHECK(read_user_agent("x/1 iOS/18.0 model/iPad14,1 build/22A1").os == "iPadOS");
  CHECK(read_user_agent("x/1 iOS/12.5 model/iPad4,1 build/16H1").os == "iOS");
}

TEST_CASE("a Darwin version with an architecture is a Mac's") {
  const auto facts = read_user_agent("mobileassetd (unknown version) CFNetwork/1128.0.1 Darwin/19.6.0 (x86_64)");
  CHECK(facts.os == "macOS");
  CHECK(facts.os_version == "10.15.6");
  CHECK(facts.darwin == "19.6.0");
  CHECK_FALSE(facts.exact);
}

TEST_CASE("a Darwin version alone may be an iPhone's or a Mac's") {
  const auto facts = read_user_agent("nsurlsessiond (unknown version) CFNetwork/1498.700.2 Darwin/23.6.0");
  CHECK(facts.os == "iOS or macOS");
  CHECK(facts.os_version.empty());
  CHECK(facts.darwin == "23.6.0");
}

TEST_CASE("from Darwin 25 on all systems carry one version") {
  CHECK(read_user_agent("nsurlsessiond/1 CFNetwork/3826 Darwin/25.3.0").os_version == "26.3");
  CHECK(read_user_agent("nsurlsessiond/1 CFNetwork/3826 Darwin/24.5.0").os_version.empty());
  CHECK(read_user_agent("nsurlsessiond/1 CFNetwork/3826 Darwin/24.5.0 (x86_64)").os_version == "15.5");
  CHECK(read_user_agent("nsurlsessiond/1 CFNetwork/3826 Darwin/99.0.0").os_version.empty());
}

TEST_CASE("AutoUpdate runs on Macs only") {
  const auto intel = read_user_agent("Microsoft%20AutoUpdate/3.6.16080300 CFNetwork/760.6.3 Darwin/22.6.0 (x86_64)");
  CHECK(intel.os == "macOS");
  CHECK(intel.os_version == "13.5");
  const auto silicon = read_user_agent("Microsoft%20Update%20Assistant/4.85 CFNetwork/1.0 Darwin/24.1.0");
  CHECK(silicon.os == "macOS");
  CHECK(silicon.os_version == "15.1");
}

TEST_CASE("Windows' clients are Windows, and no version is read from them") {
  for (const auto* agent : {"Microsoft-Delivery-Optimization/10.0", "Microsoft BITS/7.8",
                            "Windows-Update-Agent/10.0.10011.16384 Client-Protocol/2.0", "Microsoft-CryptoAPI/10.0"}) {
    INFO(agent);
    CHECK(read_user_agent(agent).os == "Windows");
    CHECK(read_user_agent(agent).os_version.empty());
  }
  CHECK(read_user_agent("Microsoft-Delivery-Optimization-Lite/10.0.0.1").os.empty());
}

TEST_CASE("an agent that says nothing gives nothing") {
  for (const std::string agent : {"", "MobileAsset/1.0", "com.apple.appstored/1.0", "curl/8", "xDarwin/25.0.0",
                                  "Darwin/", "Darwin/abc", "x/1 iOS/x.y model/iPhone1,1", "\xff\xfe\x80"}) {
    INFO(agent);
    const auto facts = read_user_agent(agent);
    CHECK(facts.os.empty());
    CHECK(facts.os_version.empty());
    CHECK_FALSE(facts.exact);
  }
  CHECK(read_user_agent(std::string(100000, 'a') + " Darwin/25.0.0").os.empty());
  CHECK(read_user_agent("x/1 iOS/18.0 model/<script> build/a\"b").model.empty());
}
