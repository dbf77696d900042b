// SPDX-License-Identifier: MIT
#include <map>

#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

const std::string kPmv = "https://gdmf.apple.com/v2/pmv";
const std::string kSofa1 = "https://sofafeed.macadmins.io/v1/macos_data_feed.json";
const std::string kSofa2 = "https://sofafeed.macadmins.io/v2/macos_data_feed.json";
const std::string kAssistant = "https://swcdn.apple.com" + kProductFolder + "InstallAssistant.pkg";
const std::string kImage =
    "https://updates.cdn-apple.com/2026SummerFCS/fullrestores/140-75212/A2A24B94-1FC1-45A3-93F7-C51B02AF1F4D/"
    "UniversalMac_26.6.2_25G83_Restore.ipsw";

const std::string kSets = R"json({"PublicAssetSets": {
  "iOS": [{"ProductVersion": "26.6", "Build": "23L773", "PostingDate": "2026-07-27", "SupportedDevices": ["AppleTV11,1", "AudioAccessory1,1"]},
          {"ProductVersion": "17.7.11", "Build": "21H461", "SupportedDevices": ["iPad7,1"]},
          {"ProductVersion": "8.8.2", "Build": "19U526", "SupportedDevices": ["Watch3,1"]},
          {"ProductVersion": "26.6.1", "Build": "23G83", "PostingDate": "2026-08-17",
           "SupportedDevices": ["iPhone12,1", "iPad11,1", "iPhone12,3"]}],
  "macOS": [{"ProductVersion": "26.6.2", "Build": "25G83", "PostingDate": "2026-08-18",
             "SupportedDevices": ["J152FAP"]}]},
 "AssetSets": {"macOS": [{"ProductVersion": "15.7.7", "Build": "24G720", "SupportedDevices": ["J132AP"]}]},
 "PublicBackgroundSecurityImprovements": {"macOS": [{"ProductVersion": "26.3.2", "Build": "25D771400a",
   "PostingDate": "17 March", "ProductVersionExtra": "(a)", "PrerequisiteBuild": "25D2140", "SupportedDevices": ["J700AP"]}]}})json";

void check_build(const Snapshot& known, const std::string& build, const std::string& product,
                 const std::string& version) {
  INFO(build);
  const KnownBuild* found = known->find_build(build);
  REQUIRE(found != nullptr);
  CHECK(found->product == product);
  CHECK(found->version == version);
}

// A feed in the letters of version 2. What version 1 spells differently is replaced.
std::string sofa(bool second) {
  std::string feed = R"json({"OSVersions": [{"OSVersion": "Tahoe 26",
    "Latest": {"ProductVersion": "26.6.2", "Build": "25G83", "AllBuilds": ["25G83", "25G83a"],
               "ReleaseDate": "2026-08-17T00:00:00Z", "SupportedDevices": ["J152FAP"]},
    "SecurityReleases": [{"UpdateName": "macOS Tahoe 26.6.1", "ProductName": "macOS", "ProductVersion": "26.6.1",
                          "Build": "25G76"},
                         {"UpdateName": "of old", "ProductVersion": "26.0"}]}],
   "BackgroundSecurityImprovements": {"26": [{"Version": "26.3.2", "VersionExtra": "(a)", "Build": "25D771400a"}]},
   "InstallationApps": {
     "LatestUMA": {"Title": "macOS Tahoe", "Version": "26.6.2", "Build": "25G83", "URL": "<assistant>",
                   "Size": 18391902710},
     "AllPreviousUMA": [],
     "LatestMacIPSW": {"MacOSIPSWURL": "<image>", "MacOSIPSWBuild": "25G83", "MacOSIPSWVersion": "26.6.2"}}})json";
  const auto replace = [&](const std::string& old, const std::string& by) {
    const auto at = feed.find(old, feed.find("InstallationApps"));
    REQUIRE(at != std::string::npos);
    feed.replace(at, old.size(), by);
  };
  replace("<assistant>", kAssistant);
  replace("<image>", kImage);
  if (second) return feed;
  replace("\"Title\"", "\"title\"");
  replace("\"Version\"", "\"version\"");
  replace("\"Build\"", "\"build\"");
  replace("\"URL\"", "\"url\"");
  replace("MacOSIPSWURL", "macos_ipsw_url");
  replace("MacOSIPSWBuild", "macos_ipsw_build");
  replace("MacOSIPSWVersion", "macos_ipsw_version");
  return feed;
}

}  // namespace

TEST_CASE("Apple's list of releases tells which build is which version of what") {
  for (const std::string& document : {kSets, R"({"etag": "x", "data": )" + kSets + "}"}) {
    const auto known = learnt(Knowledge::empty(), kPmv, document);
    check_build(known, "23L773", "tvOS", "26.6");
    check_build(known, "21H461", "iPadOS", "17.7.11");
    check_build(known, "19U526", "watchOS", "8.8.2");
    check_build(known, "23G83", "iOS", "26.6.1");
    check_build(known, "25G83", "macOS", "26.6.2");
    check_build(known, "24G720", "macOS", "15.7.7");
    check_build(known, "25D771400a", "macOS", "26.3.2 (a)");
    CHECK(known->find_build("25G83")->evidence == Evidence::catalogue);
    CHECK(known->find_build("25G84") == nullptr);
    CHECK(known->builds() == 7);
  }
}

TEST_CASE("lists tell which versions are out for which systems, and since when") {
  const auto out = [](const Snapshot& known) {
    std::map<std::string, std::string> days;
    known->each_system_release([&](const SystemRelease& release) {
      days[release.product + " " + release.version] =
          release.released == WallTime{} ? "" : to_rfc3339(release.released).substr(0, 10);
    });
    return days;
  };
  const auto apple = learnt(Knowledge::empty(), kPmv, kSets);
  const std::map<std::string, std::string> expected{
      {"tvOS 26.6", "2026-07-27"},    {"HomePod software 26.6", "2026-07-27"},
      {"iPadOS 17.7.11", ""},         {"watchOS 8.8.2", ""},
      {"iOS 26.6.1", "2026-08-17"},   {"iPadOS 26.6.1", "2026-08-17"},
      {"macOS 26.6.2", "2026-08-18"}, {"macOS 15.7.7", ""},
      {"macOS 26.3.2 (a)", ""}};
  CHECK(out(apple) == expected);
  auto both = expected;
  both["macOS 26.6.2"] = "2026-08-17";  // the earlier word
  both["macOS 26.6.1"] = both["macOS 26.0"] = "";
  CHECK(out(learnt(apple, kSofa2, sofa(true))) == both);
  CHECK(out(learnt(learnt(Knowledge::empty(), kSofa2, sofa(true)), kPmv, kSets)) == both);
  const std::string phones = R"json({"OSVersions": [{"Latest": {"ProductName": "iOS and iPadOS", "Build": "23F84",
    "ProductVersion": "26.5.2", "ReleaseDate": "2026-06-29T00:00:00Z"}, "SecurityReleases": []}]})json";
  const std::map<std::string, std::string> two{{"iOS 26.5.2", "2026-06-29"}, {"iPadOS 26.5.2", "2026-06-29"}};
  CHECK(out(learnt(Knowledge::empty(), "https://sofafeed.macadmins.io/v2/ios_data_feed.json", phones)) == two);
}

TEST_CASE("what is no list of releases teaches nothing") {
  for (
      const std::string& document : std::vector<std::string>{
          "", "{", "[]", "{}", "null", R"({"PublicAssetSets": []})", R"({"PublicAssetSets": {"iOS": {"x": 1}}})",
          R"({"PublicAssetSets": {"iOS": [{"ProductVersion": "26.6"}, {"Build": "25G83"}, {"Build": "x", "ProductVersion": "1"}]}})",
          std::string(2000, '[')}) {
    INFO(document.substr(0, 60));
    CHECK_FALSE(try_learn(Knowledge::empty(), kPmv, document));
    CHECK_FALSE(try_learn(Knowledge::empty(), kSofa2, document));
  }
}

TEST_CASE("both versions of a SOFA feed tell builds and installers") {
  for (const bool second : {false, true}) {
    const auto known = learnt(Knowledge::empty(), second ? kSofa2 : kSofa1, sofa(second));
    check_build(known, "25G83", "macOS", "26.6.2");
    check_build(known, "25G83a", "macOS", "26.6.2");
    check_build(known, "25G76", "macOS", "26.6.1");
    check_build(known, "25D771400a", "macOS", "26.3.2 (a)");
    CHECK(known->find_build("25G83")->evidence == Evidence::feed);

    const auto installer = recognised(kAssistant, known);
    CHECK(installer.product == "macOS Tahoe installer");
    CHECK(installer.version == "26.6.2");
    CHECK(installer.build == "25G83");
    CHECK(installer.kind == Kind::full);
    CHECK(installer.evidence == Evidence::feed);
    CHECK(installer.listed);
    REQUIRE(installer.published);
    CHECK(installer.published->size_bytes == 18391902710U);

    const auto image = recognised(kImage, known);
    CHECK(image.version == "26.6.2");
    CHECK(image.evidence == Evidence::name);
    CHECK(image.listed);
  }
}

TEST_CASE("a feed fills in what the catalogue leaves out, and says so") {
  const auto catalogued =
      learnt(Knowledge::empty(), kSucatalog,
             sucatalog("<key>InstallAssistantPackageIdentifiers</key>" +
                       dictionary(pair("SharedSupport", "com.apple.pkg.InstallAssistant.macOSTahoe"))));
  CHECK(recognised(kAssistant, catalogued).evidence == Evidence::catalogue);
  CHECK(recognised(kAssistant, catalogued).version.empty());
  const auto known = learnt(catalogued, kSofa2, sofa(true));
  const auto seen = recognised(kAssistant, known);
  CHECK(seen.product == "macOS Tahoe installer");
  CHECK(seen.version == "26.6.2");
  CHECK(seen.evidence == Evidence::feed);
  const auto other = recognised("https://swcdn.apple.com" + kProductFolder + "MajorOSInfo.pkg", known);
  CHECK(other.version == "26.6.2");
  CHECK(other.evidence == Evidence::feed);
}

TEST_CASE("what several catalogues publish of a file's bytes is known together") {
  const std::string catalogue = sucatalog("");
  for (const bool feed_first : {true, false}) {
    auto known = Knowledge::empty();
    if (feed_first) known = learnt(known, kSofa2, sofa(true));
    known = learnt(known, kSucatalog, catalogue);
    if (!feed_first) known = learnt(known, kSofa2, sofa(true));
    const auto seen = recognised(kAssistant, known);
    REQUIRE(seen.published);
    CHECK(seen.published->chunk_list == kAssistant + ".integrityDataV1");
    CHECK(seen.published->size_bytes == 9000);  // the vendor's own
    CHECK(seen.version == "26.6.2");
  }
}

TEST_CASE("Apple's own word on a build outweighs a feed's, whichever comes first") {
  const std::string feed = R"({"OSVersions": [{"OSVersion": "26", "Latest": {"ProductName": "macOS",
    "ProductVersion": "26.6.2 RC", "Build": "25G83"}, "SecurityReleases": []}]})";
  const auto one = learnt(learnt(Knowledge::empty(), kPmv, kSets), kSofa2, feed);
  const auto other = learnt(learnt(Knowledge::empty(), kSofa2, feed), kPmv, kSets);
  for (const auto& known : {one, other}) {
    CHECK(known->find_build("25G83")->version == "26.6.2");
    CHECK(known->find_build("25G83")->evidence == Evidence::catalogue);
  }
}

TEST_CASE("a product whose catalogue tells only its build has that build's version") {
  const auto known = learnt(
      learnt(Knowledge::empty(), kSucatalog, sucatalog(pair("ProductType", "macOS") + pair("BuildVersion", "25G83"))),
      kPmv, kSets);
  const auto seen = recognised(kAssistant, known);
  CHECK(seen.version == "26.6.2");
  CHECK(seen.evidence == Evidence::catalogue);
}

TEST_CASE("a feed may speak of Apple's files only") {
  std::string feed = sofa(true);
  const std::string host = "swcdn.apple.com";
  feed.replace(feed.find(host), host.size(), "res.cdn.office.net");
  const auto known = learnt(Knowledge::empty(), kSofa2, feed);
  CHECK(known->find("https://res.cdn.office.net" + kProductFolder + "InstallAssistant.pkg") == nullptr);
}
