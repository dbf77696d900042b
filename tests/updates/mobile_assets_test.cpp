// SPDX-License-Identifier: MIT
#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

const std::string kBase =
    "https://updates.cdn-apple.com/2025FallFCS/patches/093-1/0701D9BE-9082-4277-ADAE-A2C900733801/";
const std::string kFull = "com_apple_MobileAsset_SoftwareUpdate/aaaa.zip";

std::string catalogue_of(const std::string& type) {
  return "https://mesu.apple.com/assets/com_apple_MobileAsset_" + type + "/com_apple_MobileAsset_" + type + ".xml";
}

std::string asset(const std::string& path, const std::string& more) {
  return dictionary(pair("__BaseURL", kBase) + pair("__RelativePath", path) + more);
}

std::string devices(const std::string& model) {
  return "<key>SupportedDevices</key><array><string>" + model + "</string></array>";
}

std::string assets(const std::string& all) {
  return plist(dictionary("<key>Assets</key><array>" + all + "</array>"));
}

const std::string kMeasured =
    "<key>_DownloadSize</key><integer>652289669</integer><key>_Measurement</key>"
    "<data>a/kcjiSuFnLI7ASIvyFIoDwroYc=</data>";

}  // namespace

TEST_CASE("an update's asset is known by build, version, devices and digest") {
  const auto known = learnt(
      Knowledge::empty(), catalogue_of("SoftwareUpdate"),
      assets(
          asset(kFull, pair("Build", "23G90") + pair("OSVersion", "9.9.26.6.2") + devices("iPhone12,1") + kMeasured) +
          asset(kFull, pair("Build", "23G90") + pair("OSVersion", "9.9.26.6.2") + devices("iPhone12,3") + kMeasured)));
  const auto seen = recognised(kBase + kFull, known);
  CHECK(seen.product == "iOS");
  CHECK(seen.version == "26.6.2");
  CHECK(seen.build == "23G90");
  CHECK(seen.kind == Kind::full);
  CHECK(seen.evidence == Evidence::catalogue);
  CHECK(seen.audience->models == std::vector<std::string>{"iPhone12,1", "iPhone12,3"});
  CHECK(seen.published->size_bytes == 652289669U);
  CHECK(seen.published->sha1->hex() == "6bf91c8e24ae1672c8ec0488bf2148a03c2ba187");
  CHECK(known->find_build("23G90")->version == "26.6.2");
}

TEST_CASE("an asset with a build it starts from is a delta") {
  const std::string path = "com_apple_MobileAsset_MacSoftwareUpdate/b.zip";
  const auto known = learnt(
      Knowledge::empty(), catalogue_of("MacSoftwareUpdate"),
      assets(asset(path, pair("Build", "24G222") + pair("OSVersion", "15.7") + pair("PrerequisiteBuild", "22H713"))));
  const auto seen = recognised(kBase + path, known);
  CHECK(seen.product == "macOS");
  CHECK(seen.kind == Kind::delta);
  CHECK(seen.audience->from_builds == std::vector<std::string>{"22H713"});
}

TEST_CASE("an asset that tells only the version it starts from is a delta as well, and the lowest of several counts") {
  const std::string path = "com_apple_MobileAsset_SoftwareUpdate/d.zip";
  const auto to = [&](const std::string& more) {
    return asset(path, pair("Build", "23G90") + pair("OSVersion", "9.9.26.6.2") + devices("iPhone12,1") + more);
  };
  const auto seen = [&](const std::string& all) {
    return recognised(kBase + path, learnt(Knowledge::empty(), catalogue_of("SoftwareUpdate"), assets(all)));
  };
  const std::string version = pair("PrerequisiteOSVersion", "9.9.26.5");
  CHECK(seen(to(version)).kind == Kind::delta);
  CHECK(seen(to(version)).from_version == "26.5");
  CHECK(seen(to(version) + to(pair("PrerequisiteOSVersion", "26.10"))).from_version == "26.5");
  CHECK(seen(to(pair("PrerequisiteBuild", "23F77")) + to(version)).kind == Kind::delta);
  CHECK(seen(to(version) + to("")).kind == Kind::full);
  CHECK(seen(to("") + to(version)).kind == Kind::full);
  CHECK(seen(to("") + to(version)).from_version.empty());

  const auto known = learnt(Knowledge::empty(), catalogue_of("SoftwareUpdate"),
                            assets(to(version + pair("PrerequisiteBuild", "23F77")) +
                                   to(pair("PrerequisiteOSVersion", "26.4") + pair("PrerequisiteBuild", "23E1"))));
  REQUIRE(known->find_build("23F77") != nullptr);
  CHECK(known->find_build("23F77")->version == "26.5");
  REQUIRE(known->find_build("23E1") != nullptr);
  CHECK(known->find_build("23E1")->version == "26.4");
}

TEST_CASE("other assets keep their type for a name, and encrypted archives are not measured") {
  const std::string path = "com_apple_MobileAsset_AppleDeveloperDocumentation/c.aar";
  const auto known = learnt(Knowledge::empty(), catalogue_of("AppleDeveloperDocumentation"),
                            assets(asset(path, pair("Build", "10M13306") + pair("OSVersion", "26.2") +
                                                   pair("XcodeVersion", "27.0") + kMeasured)));
  const auto seen = recognised(kBase + path, known);
  CHECK(seen.product == "MobileAsset AppleDeveloperDocumentation");
  CHECK(seen.version == "26.2");
  CHECK(seen.build == "10M13306");
  CHECK(seen.published->size_bytes == 652289669U);
  CHECK_FALSE(seen.published->sha1.has_value());
  CHECK(known->find_build("10M13306") == nullptr);
}

TEST_CASE("assets of other hosts and what is no catalogue teach nothing") {
  const auto known =
      learnt(Knowledge::empty(), catalogue_of("X"),
             assets(dictionary(pair("__BaseURL", "https://h.example/") + pair("__RelativePath", "x.zip")) +
                    dictionary(pair("__RelativePath", "x.zip")) + "<string>x</string>"));
  CHECK(known->files() == 0);
  CHECK_FALSE(try_learn(known, catalogue_of("X"), plist("<dict><key>Assets</key><dict></dict></dict>")));
  CHECK_FALSE(try_learn(known, catalogue_of("X"), "<html></html>"));
}
