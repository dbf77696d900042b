// SPDX-License-Identifier: MIT
#include "lessons.h"
#include "updates/mau.h"

using namespace larder::updates;
using namespace larder::updates::test;

namespace {

std::vector<std::string> keys(const std::string& path, const Snapshot& knowledge) {
  const auto request = parse_mau_path(path);
  REQUIRE(request.has_value());
  REQUIRE(*request);
  std::vector<std::string> found;
  for (const CanonicalUrl& place : resolve_mau(**request, *knowledge)) found.push_back(place.key);
  return found;
}

std::string one_package(const std::string& location, const std::string& version) {
  return plist("<array>" + dictionary(pair("Location", location) + pair("Update Version", version)) + "</array>");
}

}  // namespace

TEST_CASE("a manifest is asked of its channel's directory and nowhere else") {
  const auto known = learnt(Knowledge::empty(), kChannelRoot + "0409OPIM2019.xml", outlook_manifest("1.1.1", "1.1.2"));
  CHECK(keys("/mau/Current/0409OPIM2019.xml", known) == std::vector<std::string>{kChannelRoot + "0409OPIM2019.xml"});
}

TEST_CASE("a package is where the index says, then in the channel's directory") {
  const std::string teams =
      "https://teamsinstaller.public.onecdn.static.microsoft/production-osx/26213.1.2.3/MicrosoftTeams.pkg";
  const auto known = learnt(Knowledge::empty(), kChannelRoot + "0409TEAMS21.xml", one_package(teams, "26213.1.2.3"));
  CHECK(keys("/mau/Current/p/MicrosoftTeams.pkg", known) ==
        std::vector<std::string>{teams, kChannelRoot + "MicrosoftTeams.pkg"});
  CHECK(keys("/mau/Current/p/TEAMS10/MicrosoftTeams.pkg", known) ==
        std::vector<std::string>{kChannelRoot + "MicrosoftTeams.pkg"});
}

TEST_CASE("a name that may carry other bytes is never taken from another channel") {
  const auto known =
      learnt(Knowledge::empty(), kBetaRoot + "0409WDAV00.xml", one_package(kBetaRoot + "wdav-upgrade.pkg", "101.1.1"));
  CHECK(keys("/mau/Current/wdav-upgrade.pkg", known) == std::vector<std::string>{kChannelRoot + "wdav-upgrade.pkg"});
}

TEST_CASE("a flat folder finds another channel's package when its name can mean nothing else") {
  const std::string file = "Microsoft_Outlook_16.113.26100421_Updater.pkg";
  const auto known =
      learnt(Knowledge::empty(), kBetaRoot + "0409OPIM2019.xml", one_package(kBetaRoot + file, "16.113.26100421"));
  CHECK(keys("/MAU/cache/" + file, known) == std::vector<std::string>{kChannelRoot + file, kBetaRoot + file});
}

TEST_CASE("a package that never moved is looked for on the retired host last") {
  const auto request = parse_mau_path("/mau/Current/Microsoft_OfficeLicensingHelper_16.77.23091003_Updater.pkg");
  const auto places = resolve_mau(**request, *Knowledge::empty());
  REQUIRE(places.size() == 1);
  REQUIRE(places.front().fallbacks.size() == 2);
  CHECK(places.front().fallbacks.back().host == "officecdnmac.microsoft.com");
}

TEST_CASE("a request without channel or file resolves to nothing") {
  CHECK(resolve_mau(MauRequest{}, *Knowledge::empty()).empty());
}
