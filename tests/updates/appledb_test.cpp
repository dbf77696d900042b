// SPDX-License-Identifier: MIT
#include "lessons.h"

using namespace larder;
using namespace larder::updates;
using namespace larder::updates::test;

namespace {

const std::string kBuild = "https://api.appledb.dev/ios/macOS;24G222.json";
const std::string kTrain = "https://updates.cdn-apple.com/2025FallFCS/patches/";
const std::string kAsset = "/com_apple_MobileAsset_MacSoftwareUpdate/";
const std::string kFull =
    kTrain + "093-34020/0701D9BE-9082-4277-ADAE-A2C900733801" + kAsset + "38987f409c2cde97811a5fc904bda4dda0f770e2.zip";
const std::string kDelta =
    kTrain + "093-34007/E558C008-BA85-4398-BC16-CE296BFE3589" + kAsset + "1a9a1acfec32be345a35f984cec4b5df2b98615b.zip";
const std::string kSha256 = "f1b1a9d1cf3966e6879c3a34320be6aa73296a5fa0c8089e0fe2776dc56dd4ea";
const std::string kSha1 = "38987f409c2cde97811a5fc904bda4dda0f770e2";

std::string quoted(const std::string& text) {
  return '"' + text + '"';
}

std::string source(const std::string& url, const std::string& more) {
  return R"({"type": "ota", "links": [{"url": )" + quoted(url) + R"(, "active": true}], )" + more + "}";
}

std::string release(const std::string& build, const std::string& version, const std::string& sources) {
  return R"({"osStr": "macOS", "version": )" + quoted(version) + R"(, "build": )" + quoted(build) +
         R"(, "sources": [)" + sources + "]}";
}

const std::string kRelease = release(
    "24G222", "15.7",
    source(kFull, R"("deviceMap": ["iMac19,1", "Mac13,1"], "hashes": {"sha1": )" + quoted(kSha1) + R"(, "sha2-256": )" +
                      quoted(kSha256) + R"(}, "size": 15626944546)") +
        "," + source(kDelta, R"("prerequisiteBuild": ["22H713", "22G90"], "deviceMap": ["iMac19,1"], "size": 7)") +
        "," + source(kDelta, R"("prerequisiteBuild": "22H713", "deviceMap": ["iMac20,1", "iMac19,1"], "size": 7)"));

}  // namespace

TEST_CASE("AppleDB tells what an update's URL makes of what") {
  const auto known = learnt(Knowledge::empty(), kBuild, kRelease);
  const auto full = recognised(kFull, known);
  CHECK(full.product == "macOS");
  CHECK(full.version == "15.7");
  CHECK(full.build == "24G222");
  CHECK(full.kind == Kind::full);
  CHECK(full.evidence == Evidence::feed);
  CHECK(full.from_version.empty());
  CHECK(full.asset_type == "MacSoftwareUpdate 2025FallFCS");
  REQUIRE(full.audience);
  CHECK(full.audience->models == std::vector<std::string>{"iMac19,1", "Mac13,1"});
  REQUIRE(full.published);
  CHECK(full.published->size_bytes == 15626944546U);
  CHECK(full.published->sha256->hex() == kSha256);
  CHECK(full.published->sha1->hex() == kSha1);
  CHECK(known->find_build("24G222")->version == "15.7");
}

TEST_CASE("a delta names its builds and models, from all places it is listed in") {
  const auto known = learnt(Knowledge::empty(), kBuild, kRelease);
  const auto delta = recognised(kDelta, known);
  CHECK(delta.kind == Kind::delta);
  CHECK(delta.version == "15.7");
  CHECK(delta.from_version.empty());
  REQUIRE(delta.audience);
  CHECK(delta.audience->from_builds == std::vector<std::string>{"22H713", "22G90"});
  CHECK(delta.audience->models == std::vector<std::string>{"iMac19,1", "iMac20,1"});
  CHECK_FALSE(delta.published->sha1.has_value());
}

TEST_CASE("a delta's from-version is that of its builds, the lowest, once one of them is known") {
  auto known = learnt(Knowledge::empty(), kBuild, kRelease);
  known = learnt(known, "https://api.appledb.dev/ios/macOS;22H713.json", release("22H713", "13.7.8", ""));
  CHECK(recognised(kDelta, known).from_version == "13.7.8");
  known = learnt(known, "https://api.appledb.dev/ios/macOS;22G90.json", release("22G90", "13.5.1", ""));
  CHECK(recognised(kDelta, known).from_version == "13.5.1");
  CHECK(recognised(kFull, known).from_version.empty());
}

TEST_CASE("Apple's own word on a build outweighs the list's on its file") {
  auto known = learnt(Knowledge::empty(), "https://api.appledb.dev/ios/macOS;24G222.json",
                      release("24G222", "15.7 RC 6", source(kFull, R"("size": 7)")));
  CHECK(recognised(kFull, known).version == "15.7 RC 6");
  known = learnt(known, "https://gdmf.apple.com/v2/pmv",
                 R"({"AssetSets": {"macOS": [{"ProductVersion": "15.7", "Build": "24G222"}]}})");
  CHECK(recognised(kFull, known).version == "15.7");
  CHECK(recognised(kFull, known).evidence == Evidence::feed);
}

TEST_CASE("an installer keeps the full name that another list gives it") {
  const std::string assistant = "https://swcdn.apple.com" + kProductFolder + "InstallAssistant.pkg";
  const std::string sofa = R"({"OSVersions": [], "InstallationApps": {"LatestUMA": {"Title": "macOS Tahoe",
    "Version": "26.6.2", "Build": "25G83", "URL": ")" +
                           assistant + R"("}}})";
  const std::string database = R"({"osStr": "macOS", "version": "26.6.2", "build": "25G83", "sources": [
    {"type": "installassistant", "links": [{"url": ")" +
                               assistant + R"("}], "size": 7}]})";
  const std::string feed = "https://sofafeed.macadmins.io/v2/macos_data_feed.json";
  const auto alone = learnt(Knowledge::empty(), kBuild, database);
  CHECK(recognised(assistant, alone).product == "macOS installer");
  for (const auto& known :
       {learnt(alone, feed, sofa), learnt(learnt(Knowledge::empty(), feed, sofa), kBuild, database)}) {
    CHECK(recognised(assistant, known).product == "macOS Tahoe installer");
    CHECK(recognised(assistant, known).evidence == Evidence::feed);
  }
}

TEST_CASE("a list of builds is read like each of them") {
  const auto known = learnt(Knowledge::empty(), "https://api.appledb.dev/ios/macOS/main.json",
                            "[" + kRelease + "," + release("22H713", "13.7.8", "") + ", 7, {}]");
  CHECK(known->builds() == 2);
  CHECK(recognised(kDelta, known).from_version == "13.7.8");
}

TEST_CASE("a restore image is known by its name, and by whom it is for from the list") {
  const std::string image =
      "https://updates.cdn-apple.com/2026SummerFCS/4054a88c-e206-4849-817b-8a6263d42ddb/"
      "iPhone12,1_26.6.2_23G90_Restore.ipsw";
  const std::string listed = R"({"osStr": "iOS", "version": "26.6.2 RC", "build": "23G90", "sources": [{"type": "ipsw",
    "deviceMap": ["iPhone12,1"], "links": [{"url": ")" +
                             image + R"("}], "size": 9}]})";
  const auto seen = recognised(image, learnt(Knowledge::empty(), "https://api.appledb.dev/ios/iOS;23G90.json", listed));
  CHECK(seen.version == "26.6.2");
  CHECK(seen.evidence == Evidence::name);
  CHECK(seen.kind == Kind::full);
  CHECK(seen.audience->models == std::vector<std::string>{"iPhone12,1"});
}

TEST_CASE("a background security improvement is a delta of its own version") {
  const std::string splat =
      "https://updates.cdn-apple.com/2023SummerFCS/patches/042-14741/"
      "AA6D2BD7-3DDE-41EA-B239-1EB2093A8C1B/com_apple_MobileAsset_MacSplatSoftwareUpdate/"
      "54385f4137b1a7d0b0ea6b134d692032e69ac32d.zip";
  const auto unknown = recognised(splat);
  CHECK(unknown.product == "MobileAsset MacSplatSoftwareUpdate");
  CHECK(unknown.asset_type == "MacSplatSoftwareUpdate 2023SummerFCS");
  CHECK(unknown.version.empty());
  const auto known = learnt(Knowledge::empty(), "https://api.appledb.dev/ios/macOS;22F770820d.json",
                            release("22F770820d", "13.4.1 (c)", source(splat, R"("prerequisiteBuild": "22F82")")));
  const auto seen = recognised(splat, known);
  CHECK(seen.product == "macOS");
  CHECK(seen.version == "13.4.1 (c)");
  CHECK(seen.kind == Kind::delta);
}

TEST_CASE("what is not AppleDB's teaches nothing") {
  for (const std::string& document :
       std::vector<std::string>{"", "{}", "[]", "7", R"({"osStr": "macOS"})", R"({"sources": 7})", "[[]]",
                                R"({"sources": [{"links": [{"url": "https://h.example/x.zip"}]}]})"}) {
    INFO(document);
    CHECK_FALSE(try_learn(Knowledge::empty(), kBuild, document));
  }
}
